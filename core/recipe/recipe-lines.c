/* recipe-lines.c: the lines of a recipe: heads in brackets, and “key = value” below them */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/recipe-private.h"

#include <string.h>

#define MOST_LINES    4096
#define LONGEST_LINE  4096
#define LONGEST_ABOUT 1024

typedef struct
{
  const char *name;
  guint line;
  GPtrArray *sections;
  GString *about; /* comments since the last line of another kind */
} Reader;

static void
entry_free (gpointer data)
{
  EspEntry *entry = data;

  g_free (entry->key);
  g_free (entry->value);
  g_free (entry->about);
  g_free (entry);
}

static void
section_free (gpointer data)
{
  EspSection *section = data;

  g_free (section->kind);
  g_ptr_array_unref (section->entries);
  g_free (section);
}

static void
begin_section (Reader *reader, char *kind)
{
  EspSection *section = g_new0 (EspSection, 1);

  section->kind = kind;
  section->line = reader->line;
  section->entries = g_ptr_array_new_with_free_func (entry_free);
  g_ptr_array_add (reader->sections, section);
}

static gboolean
refuse (const Reader *reader, GError **error, const char *found, const char *expected)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: found “%.80s”, expected %s", reader->name, reader->line, found, expected);
  return FALSE;
}

static gboolean
is_word (const char *text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && *text != '-' && *text != '_')
      return FALSE;
  return TRUE;
}

static gboolean
read_head (Reader *reader, const char *line, GError **error)
{
  const gsize n = strlen (line);
  g_autofree char *inside = n > 2 && line[n - 1] == ']' ? g_strndup (line + 1, n - 2) : NULL;

  if (inside == NULL || !is_word (g_strstrip (inside)))
    return refuse (reader, error, line, "the name of a step in brackets");
  begin_section (reader, g_steal_pointer (&inside));
  return TRUE;
}

static gboolean
read_entry (Reader *reader, const char *line, GError **error)
{
  EspSection *section = g_ptr_array_index (reader->sections, reader->sections->len - 1);
  const char *equals = strchr (line, '=');
  g_autofree char *key = equals != NULL ? g_strstrip (g_strndup (line, (gsize) (equals - line))) : NULL;
  EspEntry *entry;

  if (key == NULL || !is_word (key))
    return refuse (reader, error, line, "“key = value” or the name of a step in brackets");
  entry = g_new0 (EspEntry, 1);
  entry->key = g_steal_pointer (&key);
  entry->value = g_strstrip (g_strdup (equals + 1));
  entry->line = reader->line;
  entry->about = reader->about->len > 0 ? g_strdup (reader->about->str) : NULL;
  g_ptr_array_add (section->entries, entry);
  return TRUE;
}

static void
note_comment (Reader *reader, const char *comment)
{
  g_autofree char *text = g_strstrip (g_strdup (comment));

  if (reader->about->len + strlen (text) < LONGEST_ABOUT)
    g_string_append_printf (reader->about, "%s%s", reader->about->len > 0 ? " " : "", text);
}

/* A comment begins with # at the start of a line or behind a blank. */
static void
cut_comment (char *line)
{
  for (char *c = line; *c != '\0'; c++)
    if (*c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t'))
      {
        *c = '\0';
        return;
      }
}

static gboolean
read_line (Reader *reader, char *line, GError **error)
{
  gboolean done;

  g_strstrip (line);
  if (*line == '#')
    {
      note_comment (reader, line + 1);
      return TRUE;
    }
  cut_comment (line);
  g_strchomp (line);
  done = *line == '\0' || (*line == '[' ? read_head (reader, line, error) : read_entry (reader, line, error));
  g_string_truncate (reader->about, 0);
  return done;
}

static gboolean
check_text (const char *text, gsize n, const char *name, GError **error)
{
  if (memchr (text, '\0', n) != NULL || !g_utf8_validate_len (text, n, NULL))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: this is no text in UTF-8", name);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_lines (Reader *reader, char **lines, GError **error)
{
  for (guint i = 0; lines[i] != NULL; i++)
    {
      reader->line = i + 1;
      if (i >= MOST_LINES || strlen (lines[i]) > LONGEST_LINE)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: expected at most %d lines of at most %d bytes", reader->name, i + 1,
                       MOST_LINES, LONGEST_LINE);
          return FALSE;
        }
      if (!read_line (reader, lines[i], error))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_recipe_lines:
 * @text: @n bytes, whatever they are
 * @n: bytes
 * @name: of the file, for messages
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_LIMIT, with file and line
 *
 * Returns: (transfer full): of EspSection, the head of the file first. Thread: any.
 */
GPtrArray *
esp_recipe_lines (const char *text, gsize n, const char *name, GError **error)
{
  g_autoptr (GPtrArray) sections = g_ptr_array_new_with_free_func (section_free);
  g_autoptr (GString) about = g_string_new (NULL);
  Reader reader = { .name = name, .sections = sections, .about = about };
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;

  if (!check_text (text, n, name, error))
    return NULL;
  copy = g_strndup (text, n);
  lines = g_strsplit (copy, "\n", MOST_LINES + 2);
  begin_section (&reader, g_strdup (""));
  return read_lines (&reader, lines, error) ? g_steal_pointer (&sections) : NULL;
}
