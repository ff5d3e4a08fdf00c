# `cpack -G DEB` in a build folder makes fleetmeter_VERSION_ARCH.deb of what `cmake --install` would
# install to /usr, stripped.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fleetmeter)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Fleetmeter authors <fleetmeter@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "live meter for accelerator fleets")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Collectors report what each pool's chips do; the daemon turns chips into
H100-equivalents, compares use with the allocation plan, keeps the books, and
exports utilization, headroom and coverage to Prometheus and over gRPC.
.
This package has the daemon, the collector, the command line, a console for the
browser, dashboards and alert rules.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, prometheus-alertmanager")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_STRIP_FILES ON)
# Configuration goes to /etc, which is outside the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_VERBATIM_VARIABLES ON)
# Scripts, and files in /etc that a person may change and an upgrade must not.
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/${file})
endforeach()

# What Debian's policy wants of every package.
set(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz)
add_custom_command(OUTPUT ${changelog}
  COMMAND gzip -9nc ${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog > ${changelog}
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog)
add_custom_target(changelog ALL DEPENDS ${changelog})
install(FILES ${changelog} ${CMAKE_CURRENT_SOURCE_DIR}/debian/copyright
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/debian/lintian-overrides RENAME fleetmeter
  DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides)

include(CPack)
