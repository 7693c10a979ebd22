/* capture-time.c: when a picture was taken, as the name of its file tells */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join.h"

#include <stdlib.h>

/* A day and a time as cameras, telephones and messengers write them: 20210703_143150, 2021-07-03 14.31.50, 2021-07-03 at 14.31.50. */
#define PATTERN                                                                                                                            \
  "(?<![0-9])((?:19|20)[0-9]{2})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?:[-_ T]|[-_ ]at[-_ ])([0-9]{2})[-_.:h]?([0-9]{2})[-_.:m]?([0-9]{2})"

/**
 * esp_capture_time:
 * @name: of a file
 * @seconds: (out): seconds of a calendar without zones, so that the difference of two is right unless clocks were changed between them
 *
 * Returns: whether @name holds a day and a time of day that exist. Thread: any.
 */
gboolean
esp_capture_time (const char *name, gint64 *seconds)
{
  g_autoptr (GRegex) regex = g_regex_new (PATTERN, G_REGEX_RAW, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GDateTime) when = NULL;
  int at[6];

  g_return_val_if_fail (name != NULL && seconds != NULL, FALSE);
  if (!g_regex_match (regex, name, 0, &match))
    return FALSE;
  for (int i = 0; i < 6; i++)
    {
      g_autofree char *digits = g_match_info_fetch (match, i + 1);

      at[i] = atoi (digits);
    }
  when = g_date_time_new_utc (at[0], at[1], at[2], at[3], at[4], at[5]);
  if (when == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (when);
  return TRUE;
}
