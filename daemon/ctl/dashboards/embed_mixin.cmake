# Writes the sources of the mixin into a source file of the program.
#   cmake -D folder=dashboards -D out=mixin_sources.cc -P embed_mixin.cmake
file(GLOB sources RELATIVE "${folder}"
  "${folder}/*.jsonnet" "${folder}/*.libsonnet" "${folder}/lib/*.libsonnet")
list(APPEND sources REASONS.md alertmanager.example.yml prometheus.example.yml)
list(SORT sources)
set(text "#include \"daemon/ctl/dashboards/mixin_sources.h\"\n\nnamespace fleetmeter::ctl {\n\n")
string(APPEND text "std::span<const MixinSource> MixinSources() {\n")
string(APPEND text "  static constexpr MixinSource kSources[] = {\n")
foreach(source IN LISTS sources)
  # As hexadecimal digits, since CMake takes some characters of a text for its own. Each byte is an
  # escape, so that none runs into the one behind it.
  file(READ "${folder}/${source}" digits HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${digits}")
  string(APPEND text "      {\"${source}\",\n       \"${bytes}\"},\n")
endforeach()
string(APPEND text "  };\n  return kSources;\n}\n\n}  // namespace fleetmeter::ctl\n")
file(WRITE "${out}" "${text}")
