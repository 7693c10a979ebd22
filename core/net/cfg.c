/* cfg.c: the text of a darknet cfg, kept line by line and written again as it was */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cfg.h"

#include "net/cfg-private.h"

#include <string.h>

static void
line_free (gpointer data)
{
  EspCfgLine *line = data;

  g_free (line->text);
  g_free (line->key);
  g_free (line->value);
  g_free (line);
}

static void
section_clear (gpointer data)
{
  g_free (((EspCfgSection *) data)->kind);
}

EspCfg *
esp_cfg_new (const char *name)
{
  EspCfg *cfg = g_new0 (EspCfg, 1);

  cfg->name = g_strdup (name);
  cfg->lines = g_ptr_array_new_with_free_func (line_free);
  cfg->sections = g_array_new (FALSE, TRUE, sizeof (EspCfgSection));
  g_array_set_clear_func (cfg->sections, section_clear);
  return cfg;
}

/** esp_cfg_copy: Returns: (transfer full): a cfg of its own with the same text and name. Thread: any. */
EspCfg *
esp_cfg_copy (const EspCfg *cfg)
{
  EspCfg *copy = esp_cfg_new (cfg->name);

  copy->folder = g_strdup (cfg->folder);
  for (guint i = 0; i < cfg->lines->len; i++)
    {
      const EspCfgLine *from = esp_cfg_line (cfg, i);
      EspCfgLine *line = g_new (EspCfgLine, 1);

      *line = (EspCfgLine){ g_strdup (from->text), g_strdup (from->key), g_strdup (from->value), from->at };
      g_ptr_array_add (copy->lines, line);
    }
  for (guint i = 0; i < cfg->sections->len; i++)
    {
      const EspCfgSection section = { g_strdup (esp_cfg_section (cfg, i)->kind), esp_cfg_section (cfg, i)->line };

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
  g_free (cfg->folder);
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
  return esp_cfg_section (cfg, section)->kind;
}

/* The first line of the section with this key, or NULL; *at: its index. */
static EspCfgLine *
find (const EspCfg *cfg, guint section, const char *key, guint *at)
{
  const guint end = section + 1 < cfg->sections->len ? esp_cfg_section (cfg, section + 1)->line : cfg->lines->len;

  for (guint i = esp_cfg_section (cfg, section)->line + 1; i < end; i++)
    if (esp_cfg_line (cfg, i)->key != NULL && strcmp (esp_cfg_line (cfg, i)->key, key) == 0)
      {
        *at = i;
        return esp_cfg_line (cfg, i);
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
  return esp_cfg_section (cfg, section)->line + 1;
}

/** esp_cfg_get: Returns: (transfer none) (nullable): the value without blanks around it, NULL if absent. Lives until the key is set. */
const char *
esp_cfg_get (const EspCfg *cfg, guint section, const char *key)
{
  const EspCfgLine *line;
  guint at;

  g_return_val_if_fail (section < cfg->sections->len, NULL);
  line = find (cfg, section, key, &at);
  return line != NULL ? line->value : NULL;
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
  const guint end = section + 1 < cfg->sections->len ? esp_cfg_section (cfg, section + 1)->line : cfg->lines->len;
  guint at = esp_cfg_section (cfg, section)->line;
  EspCfgLine *before, *line = g_new0 (EspCfgLine, 1);
  const char *eol;

  for (guint i = at + 1; i < end; i++)
    if (esp_cfg_line (cfg, i)->key != NULL)
      at = i;
  before = esp_cfg_line (cfg, at);
  eol = g_str_has_suffix (before->text, "\r\n") ? "\r\n" : "\n";
  if (!g_str_has_suffix (before->text, "\n"))
    {
      char *ended = g_strconcat (before->text, eol, NULL);

      g_free (before->text);
      before->text = ended;
    }
  *line = (EspCfgLine){ g_strconcat (key, "=", value, eol, NULL), g_strdup (key), g_strdup (value), strlen (key) + 1 };
  g_ptr_array_insert (cfg->lines, (int) at + 1, line);
  for (guint i = section + 1; i < cfg->sections->len; i++)
    esp_cfg_section (cfg, i)->line++;
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
  EspCfgLine *line;
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
    g_string_append (text, esp_cfg_line (cfg, i)->text);
  if (n != NULL)
    *n = text->len;
  return g_string_free (text, FALSE);
}
