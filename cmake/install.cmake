# `make install PREFIX=...`: the program, the one shared library that Debian does not have, licences and the systemd unit.
include(GNUInstallDirs)
set_target_properties(freshet PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/freshet")
install(TARGETS freshet RUNTIME DESTINATION bin)
install(FILES ${FRESHET_PREFIX}/lib/libduckdb.so DESTINATION lib/freshet)
install(FILES LICENSE NOTICE README.md docs/operations.md DESTINATION share/doc/freshet)
install(DIRECTORY ${FRESHET_PREFIX}/licences DESTINATION share/doc/freshet)
install(FILES packaging/freshet.service DESTINATION lib/systemd/system)
