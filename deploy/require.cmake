# Finds what the build needs, and says which command installs it where it is missing.

# fleetmeter_missing(WHAT [ARGUMENT...]): ends the configuration. The arguments are those of
# deploy/install-deps.sh.
function(fleetmeter_missing what)
  list(JOIN ARGN " " arguments)
  string(STRIP "deploy/install-deps.sh ${arguments}" command)
  message(FATAL_ERROR
    "CMake did not find ${what}. Run this command to install what is missing:\n  ${command}\n")
endfunction()

# fleetmeter_require(PACKAGE [ARGUMENT...]): find_package(PACKAGE REQUIRED ARGUMENT...). A macro,
# because find_package sets variables for its caller.
macro(fleetmeter_require package)
  find_package(${package} ${ARGN})
  if(NOT ${package}_FOUND)
    fleetmeter_missing(${package})
  endif()
endmacro()

# fleetmeter_require_header(PREFIX LIBRARY HEADER): a library that comes with neither CMake's nor
# pkg-config's files, as PREFIX::LIBRARY.
macro(fleetmeter_require_header prefix library header)
  find_library(${prefix}_LIBRARY ${library})
  find_path(${prefix}_FOLDER ${header})
  if(NOT ${prefix}_LIBRARY OR NOT ${prefix}_FOLDER)
    fleetmeter_missing(lib${library})
  endif()
  add_library(${prefix}::${library} UNKNOWN IMPORTED)
  set_target_properties(${prefix}::${library} PROPERTIES
    IMPORTED_LOCATION ${${prefix}_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${${prefix}_FOLDER})
endmacro()

# fleetmeter_require_for_tests(PACKAGE [ARGUMENT...]): the same for what only the tests need.
macro(fleetmeter_require_for_tests package)
  find_package(${package} ${ARGN})
  if(NOT ${package}_FOUND)
    fleetmeter_missing(${package} --tests)
  endif()
endmacro()

# fleetmeter_require_module(PREFIX MODULE): a library that only pkg-config knows, as
# PkgConfig::PREFIX.
macro(fleetmeter_require_module prefix module)
  pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    fleetmeter_missing(${module})
  endif()
endmacro()
