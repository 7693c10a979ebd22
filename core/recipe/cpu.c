/* cpu.c: what the processor calls itself */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "recipe/report-private.h"

#define FILE_NAME "/proc/cpuinfo"
#define KEY       "model name"

/** esp_report_cpu: Returns: (transfer full): the model name that the system tells, "" where it tells none. Thread: any. */
char *
esp_report_cpu (void)
{
  g_autofree char *text = NULL;
  const char *line = g_file_get_contents (FILE_NAME, &text, NULL, NULL) ? strstr (text, KEY) : NULL;
  const char *colon = line != NULL ? strchr (line, ':') : NULL;

  return colon != NULL ? g_strstrip (g_strndup (colon + 1, strcspn (colon + 1, "\n"))) : g_strdup ("");
}
