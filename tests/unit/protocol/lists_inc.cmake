# Fails when lists.inc is not what lists.py makes of the catalogue.
execute_process(COMMAND ${PYTHON} ${SOURCE}/lists.py ${SOURCE}/ami-catalogue.json ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${SOURCE}/lists.inc ${OUTPUT} RESULT_VARIABLE differ)
if(differ)
  message(FATAL_ERROR "src/protocol/lists.inc is stale: run lists.py ami-catalogue.json lists.inc in src/protocol")
endif()
