#include <ami/ami.h>
