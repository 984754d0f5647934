/* Memory that is short on demand. Linking core_memory.cpp replaces operator new of the whole program. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#ifdef __cplusplus
extern "C" {
#endif

/* The operator new that comes after "after" others fails, once; -1: none does. */
void core_fail_allocation(int after);
/* Whether it has not come to that. */
int core_allocation_spared(void);

#ifdef __cplusplus
}
#endif
#endif
