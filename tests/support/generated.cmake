# Fails when the table TABLE.inc in SOURCE is not what TABLE.py there makes of the catalogue.
execute_process(COMMAND ${PYTHON} ${SOURCE}/${TABLE}.py ${CATALOGUE} ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${SOURCE}/${TABLE}.inc ${OUTPUT} RESULT_VARIABLE differ)
if(differ)
  message(FATAL_ERROR "${SOURCE}/${TABLE}.inc is stale: run ${TABLE}.py ${CATALOGUE} ${TABLE}.inc there")
endif()
