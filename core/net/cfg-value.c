/* cfg-value.c: numbers of a cfg, and the refusal that names file, line, key and value */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cfg.h"

#include "net/cfg-private.h"

#include <math.h>
#include <string.h>

/* What a message quotes of a file: short and printable whatever the file holds. */
char *
esp_cfg_quote (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) strnlen (text, 48));

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return strlen (text) > 48 ? g_strconcat (valid, "…", NULL) : g_steal_pointer (&valid);
}

/**
 * esp_cfg_refuse:
 * @section: where
 * @key: (nullable): the key at fault; NULL or absent: the section's own line is named
 * @code: which error
 * @format: what was found and expected
 *
 * Sets @error to "name:line: key=value: …". Returns: FALSE, so that a reader can return it.
 */
gboolean
esp_cfg_refuse (const EspCfg *cfg, guint section, const char *key, EspError code, GError **error, const char *format, ...)
{
  const char *value = key != NULL ? esp_cfg_get (cfg, section, key) : NULL;
  const guint line = esp_cfg_get_line (cfg, section, key);
  g_autofree char *text = NULL;
  g_autofree char *found = value != NULL ? esp_cfg_quote (value) : NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (found != NULL)
    g_set_error (error, ESP_ERROR, (int) code, "%s:%u: %s=%s: %s", cfg->name, line, key, found, text);
  else
    g_set_error (error, ESP_ERROR, (int) code, "%s:%u: [%s]: %s", cfg->name, line, esp_cfg_section (cfg, section)->kind, text);
  return FALSE;
}

/* Whether nothing but blanks and perhaps a comment is left; darknet's atoi stops there too. */
static gboolean
is_end (const char *rest)
{
  rest += strspn (rest, " \t");
  return *rest == '\0' || *rest == '#' || *rest == ';';
}

/**
 * esp_cfg_get_int:
 * @fallback: the value where @key is absent
 * @lowest: the least accepted value
 * @highest: the greatest
 * @value: (out): the number
 * @error: ESP_ERROR_FORMAT if it is no whole number, ESP_ERROR_LIMIT if it is out of range
 *
 * Returns: FALSE with name:line, key and value in the message. A comment behind the number is allowed. Thread: any.
 */
gboolean
esp_cfg_get_int (const EspCfg *cfg, guint section, const char *key, int fallback, int lowest, int highest, int *value, GError **error)
{
  const char *text = esp_cfg_get (cfg, section, key);
  char *end = NULL;
  gint64 number;

  *value = fallback;
  if (text == NULL)
    return TRUE;
  number = g_ascii_strtoll (text, &end, 10);
  if (end == text || !is_end (end))
    return esp_cfg_refuse (cfg, section, key, ESP_ERROR_FORMAT, error, "expected a whole number");
  if (number < lowest || number > highest)
    return esp_cfg_refuse (cfg, section, key, ESP_ERROR_LIMIT, error, "expected a whole number from %d to %d", lowest, highest);
  *value = (int) number;
  return TRUE;
}

/**
 * esp_cfg_get_double:
 * @fallback: the value where @key is absent
 * @value: (out): the number, finite, read in the C locale
 * @error: ESP_ERROR_FORMAT
 *
 * Returns: FALSE with name:line, key and value in the message. Thread: any.
 */
gboolean
esp_cfg_get_double (const EspCfg *cfg, guint section, const char *key, double fallback, double *value, GError **error)
{
  const char *text = esp_cfg_get (cfg, section, key);
  char *end = NULL;

  *value = fallback;
  if (text == NULL)
    return TRUE;
  *value = g_ascii_strtod (text, &end);
  if (end == text || !is_end (end) || !isfinite (*value))
    return esp_cfg_refuse (cfg, section, key, ESP_ERROR_FORMAT, error, "expected a number");
  return TRUE;
}

/**
 * esp_cfg_get_doubles:
 * @values: (out) (transfer full): of double, finite; empty where @key is absent
 * @error: ESP_ERROR_FORMAT
 *
 * Numbers separated by commas, blanks around them. Returns: FALSE with name:line, key and value in the message. Thread: any.
 */
gboolean
esp_cfg_get_doubles (const EspCfg *cfg, guint section, const char *key, GArray **values, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (double));
  const char *text = esp_cfg_get (cfg, section, key);

  while (text != NULL)
    {
      char *end = NULL;
      const double number = g_ascii_strtod (text, &end);
      const char *rest = end + strspn (end, " \t");

      if (end == text || !isfinite (number) || (*rest != ',' && !is_end (rest)) || (*rest != ',' && strchr (rest, ',') != NULL))
        return esp_cfg_refuse (cfg, section, key, ESP_ERROR_FORMAT, error, "expected numbers separated by commas");
      g_array_append_val (numbers, number);
      text = *rest == ',' ? rest + 1 : NULL;
    }
  *values = g_steal_pointer (&numbers);
  return TRUE;
}
