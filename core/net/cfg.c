/* cfg.c: the text of a darknet cfg, read strictly and written again as it was */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cfg.h"

#include "base/error.h"
#include "base/file.h"

#include <math.h>
#include <string.h>

#define MOST_BYTES    (1u << 20)
#define MOST_LINE     (1u << 16)
#define MOST_SECTIONS 4096u

typedef struct
{
  char *text;  /* as read, line end included */
  char *key;   /* NULL unless key=value */
  char *value; /* blanks around it gone; a comment behind it still there, as darknet has it */
  gsize at;    /* where the value starts in text */
} Line;

typedef struct
{
  char *kind;
  guint line; /* index of its first line */
} Section;

struct _EspCfg
{
  char *name;
  GPtrArray *lines; /* of Line */
  GArray *sections; /* of Section */
};

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->text);
  g_free (line->key);
  g_free (line->value);
  g_free (line);
}

static void
section_clear (gpointer data)
{
  g_free (((Section *) data)->kind);
}

static EspCfg *
cfg_new (const char *name)
{
  EspCfg *cfg = g_new0 (EspCfg, 1);

  cfg->name = g_strdup (name);
  cfg->lines = g_ptr_array_new_with_free_func (line_free);
  cfg->sections = g_array_new (FALSE, TRUE, sizeof (Section));
  g_array_set_clear_func (cfg->sections, section_clear);
  return cfg;
}

static inline Section *
get_section (const EspCfg *cfg, guint section)
{
  return &g_array_index (cfg->sections, Section, section);
}

static inline Line *
get_line (const EspCfg *cfg, guint line)
{
  return g_ptr_array_index (cfg->lines, line);
}

/* What a message quotes of a file: short and printable whatever the file holds. */
static char *
quote (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) strnlen (text, 48));

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return strlen (text) > 48 ? g_strconcat (valid, "…", NULL) : g_steal_pointer (&valid);
}

static gboolean
refuse_line (const EspCfg *cfg, const char *text, const char *expected, GError **error)
{
  g_autofree char *found = quote (text);

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
  Section section = { .line = cfg->lines->len };
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
read_pair (EspCfg *cfg, Line *line, const char *text, GError **error)
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
  Line *line = g_new0 (Line, 1);
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
 * holds a key twice the first counts, as in darknet. Nothing is known here of kinds and their keys.
 * Returns: (transfer full): the text, section by section. Thread: any.
 */
EspCfg *
esp_cfg_parse (const char *text, gsize n, const char *name, GError **error)
{
  g_autoptr (EspCfg) cfg = cfg_new (name);
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

  if (bytes == NULL)
    return NULL;
  return esp_cfg_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), path, error);
}

/** esp_cfg_copy: Returns: (transfer full): a cfg of its own with the same text and name. Thread: any. */
EspCfg *
esp_cfg_copy (const EspCfg *cfg)
{
  EspCfg *copy = cfg_new (cfg->name);

  for (guint i = 0; i < cfg->lines->len; i++)
    {
      const Line *from = get_line (cfg, i);
      Line *line = g_new (Line, 1);

      *line = (Line){ g_strdup (from->text), g_strdup (from->key), g_strdup (from->value), from->at };
      g_ptr_array_add (copy->lines, line);
    }
  for (guint i = 0; i < cfg->sections->len; i++)
    {
      const Section section = { g_strdup (get_section (cfg, i)->kind), get_section (cfg, i)->line };

      g_array_append_val (copy->sections, section);
    }
  return copy;
}

/** esp_cfg_free: frees it and every string borrowed from it. */
void
esp_cfg_free (EspCfg *cfg)
{
  g_ptr_array_unref (cfg->lines);
  g_array_unref (cfg->sections);
  g_free (cfg->name);
  g_free (cfg);
}

/** esp_cfg_get_name: Returns: (transfer none): what messages call it, the path where it was loaded. */
const char *
esp_cfg_get_name (const EspCfg *cfg)
{
  return cfg->name;
}

/** esp_cfg_get_n_sections: Returns: how many, [net] included; at least 1. */
guint
esp_cfg_get_n_sections (const EspCfg *cfg)
{
  return cfg->sections->len;
}

/** esp_cfg_get_kind: Returns: (transfer none): the name between the brackets. */
const char *
esp_cfg_get_kind (const EspCfg *cfg, guint section)
{
  g_return_val_if_fail (section < cfg->sections->len, NULL);
  return get_section (cfg, section)->kind;
}

/* The first line of the section with this key, or NULL; *at: its index. */
static Line *
find (const EspCfg *cfg, guint section, const char *key, guint *at)
{
  const guint end = section + 1 < cfg->sections->len ? get_section (cfg, section + 1)->line : cfg->lines->len;

  for (guint i = get_section (cfg, section)->line + 1; i < end; i++)
    if (get_line (cfg, i)->key != NULL && strcmp (get_line (cfg, i)->key, key) == 0)
      {
        *at = i;
        return get_line (cfg, i);
      }
  return NULL;
}

/** esp_cfg_get_line: Returns: the 1-based line of @key in @section; of the section's name where @key is NULL or absent. */
guint
esp_cfg_get_line (const EspCfg *cfg, guint section, const char *key)
{
  guint at;

  g_return_val_if_fail (section < cfg->sections->len, 0);
  if (key != NULL && find (cfg, section, key, &at) != NULL)
    return at + 1;
  return get_section (cfg, section)->line + 1;
}

/** esp_cfg_get: Returns: (transfer none) (nullable): the value without blanks around it, NULL if absent. Lives until the key is set. */
const char *
esp_cfg_get (const EspCfg *cfg, guint section, const char *key)
{
  const Line *line;
  guint at;

  g_return_val_if_fail (section < cfg->sections->len, NULL);
  line = find (cfg, section, key, &at);
  return line != NULL ? line->value : NULL;
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
  g_autofree char *found = value != NULL ? quote (value) : NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (found != NULL)
    g_set_error (error, ESP_ERROR, (int) code, "%s:%u: %s=%s: %s", cfg->name, line, key, found, text);
  else
    g_set_error (error, ESP_ERROR, (int) code, "%s:%u: [%s]: %s", cfg->name, line, get_section (cfg, section)->kind, text);
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

/* How many bytes of the value are the value itself: a comment behind it and the blanks between stay when it is set. */
static gsize
value_length (const char *value)
{
  gsize n = strcspn (value, "#;");

  while (n > 0 && g_ascii_isspace (value[n - 1]))
    n--;
  return n;
}

static void
append (EspCfg *cfg, guint section, const char *key, const char *value)
{
  const guint end = section + 1 < cfg->sections->len ? get_section (cfg, section + 1)->line : cfg->lines->len;
  guint at = get_section (cfg, section)->line;
  Line *before, *line = g_new0 (Line, 1);
  const char *eol;

  for (guint i = at + 1; i < end; i++)
    if (get_line (cfg, i)->key != NULL)
      at = i;
  before = get_line (cfg, at);
  eol = g_str_has_suffix (before->text, "\r\n") ? "\r\n" : "\n";
  if (!g_str_has_suffix (before->text, "\n"))
    {
      char *ended = g_strconcat (before->text, eol, NULL);

      g_free (before->text);
      before->text = ended;
    }
  *line = (Line){ g_strconcat (key, "=", value, eol, NULL), g_strdup (key), g_strdup (value), strlen (key) + 1 };
  g_ptr_array_insert (cfg->lines, (int) at + 1, line);
  for (guint i = section + 1; i < cfg->sections->len; i++)
    get_section (cfg, i)->line++;
}

/**
 * esp_cfg_set:
 * @key: which
 * @value: its new text
 *
 * Changes the value in its line and leaves blanks, comment and line end of that line as they are; an absent key is appended behind the
 * section's last one, with the line end of its neighbour. Thread: the cfg's owner.
 */
void
esp_cfg_set (EspCfg *cfg, guint section, const char *key, const char *value)
{
  Line *line;
  g_autofree char *text = NULL, *tail = NULL;
  guint at;

  g_return_if_fail (section < cfg->sections->len);
  line = find (cfg, section, key, &at);
  if (line == NULL)
    {
      append (cfg, section, key, value);
      return;
    }
  tail = g_strdup (line->value + value_length (line->value));
  text = g_strdup_printf ("%.*s%s%s", (int) line->at, line->text, value, line->text + line->at + value_length (line->value));
  g_free (line->text);
  g_free (line->value);
  line->text = g_steal_pointer (&text);
  line->value = g_strconcat (value, tail, NULL);
}

/**
 * esp_cfg_to_text:
 * @n: (out) (optional): its bytes
 *
 * Returns: (transfer full): the text, byte for byte what was read but for the values set since. Thread: any.
 */
char *
esp_cfg_to_text (const EspCfg *cfg, gsize *n)
{
  GString *text = g_string_sized_new (4096);

  for (guint i = 0; i < cfg->lines->len; i++)
    g_string_append (text, get_line (cfg, i)->text);
  if (n != NULL)
    *n = text->len;
  return g_string_free (text, FALSE);
}
