/* lines.h: the lines of a small text file that say something */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *path; /* borrowed */
  char       *text;
  char       *next;
  guint       number; /* of the line last given, from 1 */
} EspLines;

gboolean esp_lines_open  (EspLines    *lines,
                          const char  *path,
                          gsize        most, /* bytes */
                          GError     **error);
char    *esp_lines_next  (EspLines    *lines); /* (transfer none) (nullable): stripped, in place; blank lines and # comments passed over */
void     esp_lines_clear (EspLines    *lines);
char    *esp_quote       (const char  *found); /* (transfer full): short and valid UTF-8, for messages */
gboolean esp_number_read (const char *token,
                          double     *value);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspLines, esp_lines_clear)

G_END_DECLS
