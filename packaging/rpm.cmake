# libami, libami-devel and ami-utils. What the library and the program need, rpmbuild finds out.
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_LIBRARY_PACKAGE_NAME libami)
set(CPACK_RPM_DEVELOPMENT_PACKAGE_NAME libami-devel)
set(CPACK_RPM_DEVELOPMENT_PACKAGE_REQUIRES
    "libami = ${PROJECT_VERSION}-1, pkgconfig(libuv) >= 1.44, pkgconfig(openssl) >= 3")
set(CPACK_RPM_PROGRAM_PACKAGE_NAME ami-utils)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/lib64 /usr/lib64/cmake /usr/lib64/pkgconfig /usr/share/licenses /usr/share/man /usr/share/man/man1
    /usr/share/man/man3 /usr/share/man/man5 /usr/share/man/man7)

foreach(component library development program)
  string(TOUPPER ${component} upper)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE COMPONENT ${component}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/${CPACK_RPM_${upper}_PACKAGE_NAME})
endforeach()
