/* cfg-read.c: the strict reader of a darknet cfg */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cfg.h"

#include "base/file.h"
#include "net/cfg-private.h"

#include <string.h>

#define MOST_BYTES    (1u << 20)
#define MOST_LINE     (1u << 16)
#define MOST_SECTIONS 4096u

static gboolean
refuse_line (const EspCfg *cfg, const char *text, const char *expected, GError **error)
{
  g_autofree char *found = esp_cfg_quote (text);

  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: “%s”: expected %s", cfg->name, cfg->lines->len + 1, found, expected);
  return FALSE;
}

/* A word of a cfg: printable ASCII without blanks, brackets or signs that begin a comment. */
static gboolean
is_word (const char *text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isgraph (*text) || strchr ("[]=#;", *text) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
read_section (EspCfg *cfg, char *text, GError **error)
{
  const gsize n = strlen (text);
  EspCfgSection section = { .line = cfg->lines->len };
  g_autofree char *kind = NULL;

  if (text[n - 1] != ']')
    return refuse_line (cfg, text, "“[section]” and nothing behind it", error);
  kind = g_strstrip (g_strndup (text + 1, n - 2));
  if (!is_word (kind))
    return refuse_line (cfg, text, "the name of a section between the brackets", error);
  if (cfg->sections->len == 0 && !g_str_equal (kind, "net") && !g_str_equal (kind, "network"))
    return refuse_line (cfg, text, "[net] as the first section", error);
  if (cfg->sections->len == MOST_SECTIONS)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: at most %u sections are accepted", cfg->name, section.line + 1,
                   MOST_SECTIONS);
      return FALSE;
    }
  section.kind = g_steal_pointer (&kind);
  g_array_append_val (cfg->sections, section);
  return TRUE;
}

static gboolean
read_pair (EspCfg *cfg, EspCfgLine *line, const char *text, GError **error)
{
  const char *equals = strchr (text, '=');
  g_autofree char *key = NULL;

  if (equals == NULL)
    return refuse_line (cfg, text, "a comment, [section] or key=value", error);
  key = g_strstrip (g_strndup (text, (gsize) (equals - text)));
  if (!is_word (key))
    return refuse_line (cfg, text, "a key without blanks before “=”", error);
  if (cfg->sections->len == 0)
    return refuse_line (cfg, text, "[net] before the first key", error);
  line->value = g_strstrip (g_strdup (equals + 1));
  if (*line->value == '\0')
    return refuse_line (cfg, text, "a value behind “=”", error);
  line->key = g_steal_pointer (&key);
  line->at = (gsize) (strchr (line->text, '=') - line->text) + 1;
  line->at += strspn (line->text + line->at, " \t");
  return TRUE;
}

/* Reads the text of one line, n bytes with its end, and appends it. */
static gboolean
read_line (EspCfg *cfg, const char *text, gsize n, GError **error)
{
  EspCfgLine *line = g_new0 (EspCfgLine, 1);
  g_autofree char *stripped = g_strstrip (g_strndup (text, n));
  gboolean good = TRUE;

  line->text = g_strndup (text, n);
  for (const char *c = stripped; good && *c != '\0'; c++)
    good = !g_ascii_iscntrl (*c) || *c == '\t';
  if (!good)
    refuse_line (cfg, stripped, "text without control characters", error);
  else if (n > MOST_LINE)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: a line of %" G_GSIZE_FORMAT " bytes, at most %u are accepted", cfg->name,
                   cfg->lines->len + 1, n, MOST_LINE);
      good = FALSE;
    }
  else if (*stripped == '[')
    good = read_section (cfg, stripped, error);
  else if (*stripped != '\0' && *stripped != '#' && *stripped != ';')
    good = read_pair (cfg, line, stripped, error);
  g_ptr_array_add (cfg->lines, line);
  return good;
}

/**
 * esp_cfg_parse:
 * @text: the bytes of a cfg, of any line end
 * @n: how many; at most 1 MiB, 4096 sections, 64 KiB a line
 * @name: what messages call it
 * @error: ESP_ERROR_FORMAT with name:line, or ESP_ERROR_LIMIT
 *
 * A line is blank, a comment (first sign # or ;), [section], or key=value with blanks around both; all else is refused. Where a section
 * holds a key twice the first counts, as in darknet. Nothing is known here of kinds and their keys. What is not read from a file by
 * esp_cfg_load() can name no other file (tree=): whoever has bytes alone cannot make a reader open something.
 * Returns: (transfer full): the text, section by section. Thread: any.
 */
EspCfg *
esp_cfg_parse (const char *text, gsize n, const char *name, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_new (name);
  const char *nul = n != 0 ? memchr (text, '\0', n) : NULL;

  if (n > MOST_BYTES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: %" G_GSIZE_FORMAT " bytes, at most %u are accepted", name, n, MOST_BYTES);
      return NULL;
    }
  if (nul != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: byte %" G_GSIZE_FORMAT " is 0: expected text", name, (gsize) (nul - text));
      return NULL;
    }
  for (gsize at = 0; at < n;)
    {
      const char *end = memchr (text + at, '\n', n - at);
      const gsize length = end != NULL ? (gsize) (end - text) + 1 - at : n - at;

      if (!read_line (cfg, text + at, length, error))
        return NULL;
      at += length;
    }
  if (cfg->sections->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no section found: expected [net]", name);
      return NULL;
    }
  return g_steal_pointer (&cfg);
}

/**
 * esp_cfg_load:
 * @path: a cfg file
 * @error: as esp_cfg_parse(), or ESP_ERROR_IO
 *
 * Returns: (transfer full): its text. Thread: any.
 */
EspCfg *
esp_cfg_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, MOST_BYTES, error);
  EspCfg *cfg;

  if (bytes == NULL)
    return NULL;
  cfg = esp_cfg_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), path, error);
  if (cfg != NULL)
    cfg->folder = g_path_get_dirname (path);
  return cfg;
}
