// Settings merged into their defaults, group by group. A key that the defaults do not have is an
// error: it would be a setting that nobody heeds.
local check(known, given, path) =
  local here(key) = if path == '' then key else path + '.' + key;
  std.foldl(function(ok, fine) ok && fine, [
    if !std.objectHas(known, key) then
      error 'there is no setting %s; expected one of: %s' % [here(key), std.join(', ', [here(k) for k in std.objectFields(known)])]
    else if std.isObject(known[key]) && !std.isObject(given[key]) then
      error '%s is a group of settings; expected an object' % here(key)
    else if std.isObject(known[key]) then
      check(known[key], given[key], here(key))
    else if std.type(known[key]) != std.type(given[key]) then
      error 'the setting %s is a %s; expected a %s' % [here(key), std.type(given[key]), std.type(known[key])]
    else true
    for key in std.objectFields(given)
  ], true);

function(defaults, given)
  assert check(defaults, given, '');
  std.mergePatch(defaults, given)
