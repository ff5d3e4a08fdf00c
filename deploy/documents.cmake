# Manual pages and completions, written by the programs themselves from what their --help is made of,
# and installed where Debian has such files.
set(written ${CMAKE_CURRENT_BINARY_DIR}/written)
set(documents)

# fleetmeter_document(FILE PROGRAM ARGUMENT...): what the program prints, as build/.../written/FILE.
function(fleetmeter_document file program)
  add_custom_command(OUTPUT ${written}/${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${written}
    COMMAND ${program} ${ARGN} > ${written}/${file}
    DEPENDS ${program}
    VERBATIM)
  set(documents ${documents} ${written}/${file} PARENT_SCOPE)
endfunction()

# fleetmeter_manual(SECTION PROGRAM ARGUMENT...): the same for man, compressed as policy wants it.
function(fleetmeter_manual section program)
  set(page ${written}/${program}.${section})
  fleetmeter_document(${program}.${section} ${program} ${ARGN})
  add_custom_command(OUTPUT ${page}.gz
    COMMAND gzip -9nc ${page} > ${page}.gz DEPENDS ${page}
    VERBATIM)
  set(documents ${documents} ${page}.gz PARENT_SCOPE)
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()

fleetmeter_manual(1 fleetmeterctl manual)
fleetmeter_manual(8 fleetmeterd --print-manual)
fleetmeter_manual(8 fleetmeter-collector --print-manual)
fleetmeter_document(fleetmeterctl.bash fleetmeterctl completion bash)
fleetmeter_document(_fleetmeterctl fleetmeterctl completion zsh)
fleetmeter_document(fleetmeterctl.fish fleetmeterctl completion fish)

if(FLEETMETER_TIDY)
  return()  # nothing is built, so nothing can print
endif()
add_custom_target(documents ALL DEPENDS ${documents})
install(FILES ${written}/fleetmeterctl.bash RENAME fleetmeterctl
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${written}/_fleetmeterctl
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${written}/fleetmeterctl.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
