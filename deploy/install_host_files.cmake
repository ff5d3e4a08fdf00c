# Run by `cmake --install`: the configuration and the systemd units.
#   source   deploy/ of the sources
#   bin      where programs go, below the prefix
#   sysconf  where configuration goes, below the prefix; with /usr it is /etc, as in GNUInstallDirs
#   doc      where documentation goes, below the prefix
#   data     where other files that never change go, below the prefix

if(IS_ABSOLUTE "${sysconf}")
  set(confdir "${sysconf}/fleetmeter")
elseif(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND sysconf STREQUAL "etc")
  set(confdir "/etc/fleetmeter")
else()
  set(confdir "${CMAKE_INSTALL_PREFIX}/${sysconf}/fleetmeter")
endif()
if(IS_ABSOLUTE "${bin}")
  set(bindir "${bin}")
else()
  set(bindir "${CMAKE_INSTALL_PREFIX}/${bin}")
endif()

# A configuration that somebody changed stays; ours then comes beside it, as NAME.new.
function(install_configuration from to)
  cmake_path(ABSOLUTE_PATH from BASE_DIRECTORY "${source}")
  get_filename_component(folder "${confdir}/${to}" DIRECTORY)
  get_filename_component(name "${to}" NAME)
  set(there "$ENV{DESTDIR}${confdir}/${to}")
  if(EXISTS "${there}")
    file(SHA256 "${there}" old)
    file(SHA256 "${from}" new)
    if(NOT old STREQUAL new)
      string(APPEND name ".new")
      message(STATUS "Kept: ${there} differs from ours, which is ${name}")
    endif()
  endif()
  file(INSTALL DESTINATION "${folder}" TYPE FILE RENAME "${name}" FILES "${from}")
endfunction()

# What an installed configuration says otherwise than the one in the sources.
function(replace_once from to)
  string(REPLACE "${from}" "${to}" replaced "${configuration}")
  if(replaced STREQUAL configuration)
    message(FATAL_ERROR "deploy/fleetmeterd.yaml has no '${from}'")
  endif()
  set(configuration "${replaced}" PARENT_SCOPE)
endfunction()

if(IS_ABSOLUTE "${data}")
  set(datadir "${data}")
else()
  set(datadir "${CMAKE_INSTALL_PREFIX}/${data}")
endif()
file(READ "${source}/fleetmeterd.yaml" configuration)
# An installed daemon keeps its books, where its unit lets it write.
replace_once("  #path: /var/lib/fleetmeter/ledger.db\n" "  path: /var/lib/fleetmeter/ledger.db\n")
replace_once("$schema=fleetmeterd.schema.json\n"
  "$schema=${datadir}/fleetmeter/fleetmeterd.schema.json\n")
file(WRITE "${scratch}/fleetmeterd.yaml" "${configuration}")

install_configuration("${scratch}/fleetmeterd.yaml" fleetmeterd.yaml)
install_configuration(catalog/default.yaml catalog/default.yaml)
install_configuration(outcomes/prices.yaml outcomes/prices.yaml)
install_configuration(outcomes/benchmarks.yaml outcomes/benchmarks.yaml)
install_configuration(plans/example.yaml plans/example.yaml)
install_configuration(plans/framework.yaml plans/framework.yaml)
install_configuration(collector.yaml collector.yaml)
install_configuration(systemd/collector.env collector.env)

set(docdir "${CMAKE_INSTALL_PREFIX}/${doc}")
set(units "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
foreach(unit fleetmeterd.service fleetmeter-collector.service)
  set(unit_file "$ENV{DESTDIR}${units}/${unit}")
  message(STATUS "Installing: ${unit_file}")
  configure_file("${source}/systemd/${unit}.in" "${unit_file}" @ONLY)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${units}/${unit}")
endforeach()
