# Run by every build: writes revision.cc anew where the revision has changed, and else leaves it.
#   SOURCE    the sources
#   TO        the file
#   REVISION  what to say; empty: what git says
set(revision "${REVISION}")
if(NOT revision)
  # A folder inside of another checkout has no revision of its own.
  execute_process(COMMAND git -C "${SOURCE}" rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  file(REAL_PATH "${SOURCE}" source)
  if(NOT failed AND top STREQUAL source)
    execute_process(COMMAND git -C "${SOURCE}" describe --always --abbrev=12 --dirty --exclude=*
      OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  endif()
endif()
if(NOT revision MATCHES "^[A-Za-z0-9._-]+$")
  set(revision unknown)
endif()
configure_file("${SOURCE}/daemon/base/revision.cc.in" "${TO}" @ONLY)
