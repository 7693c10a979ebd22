/* cpu.c: what a time was measured on */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "/proc/cpuinfo"
#define KEY       "model name"

/** esp_cpu_name: Returns: (transfer full): the model name that the system tells, "" where it tells none. Thread: any. */
char *
esp_cpu_name (void)
{
  g_autofree char *text = NULL;
  const char *line = g_file_get_contents (FILE_NAME, &text, NULL, NULL) ? strstr (text, KEY) : NULL;
  const char *colon = line != NULL ? strchr (line, ':') : NULL;

  return colon != NULL ? g_strstrip (g_strndup (colon + 1, strcspn (colon + 1, "\n"))) : g_strdup ("");
}

/** esp_cpu_load: Returns: programs that ran or waited to run, averaged over the last minute; NaN where that is not told. Thread: any. */
double
esp_cpu_load (void)
{
  double load = 0;

  return getloadavg (&load, 1) == 1 ? load : (double) NAN;
}
