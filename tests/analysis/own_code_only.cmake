# Builds the plugin of clang-tidy, when it is configured: what compiles here else only analyses.
# OWN_CODE_ONLY is its path.
set(OWN_CODE_ONLY ${PROJECT_BINARY_DIR}/own_code_only.so)
set(source ${CMAKE_CURRENT_LIST_DIR}/own_code_only.cc)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
if(${source} IS_NEWER_THAN ${OWN_CODE_ONLY})
  # /usr/lib/llvm-19/bin/clang-tidy has its headers beside it.
  file(REAL_PATH ${CLANG_TIDY} tidy)
  cmake_path(GET tidy PARENT_PATH llvm)
  cmake_path(GET llvm PARENT_PATH llvm)
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 -O1 -fPIC -fno-rtti -shared -isystem ${llvm}/include
      ${source} -o ${OWN_CODE_ONLY}
    COMMAND_ERROR_IS_FATAL ANY)
endif()
