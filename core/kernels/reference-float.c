/* reference-float.c: the reference kernels in float */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define real       float
#define REAL_MAX   FLT_MAX
#define REAL_EXP   expf
#define REAL_EXPM1 expm1f
#define REAL_LOG1P log1pf
#define REAL_TANH  tanhf
#define REAL_FLOOR floorf
#define SET        esp_kernels_reference
#define SET_NAME   "reference (float)"

#include "kernels/reference-template.h"
