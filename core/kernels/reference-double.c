/* reference-double.c: the reference kernels in double */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define real       double
#define REAL_MAX   DBL_MAX
#define REAL_EXP   exp
#define REAL_EXPM1 expm1
#define REAL_LOG1P log1p
#define REAL_TANH  tanh
#define REAL_FLOOR floor
#define SET        esp_kernels_reference_double
#define SET_NAME   "reference (double)"

#include "kernels/reference-template.h"
