/* variables.c: the variables of a recipe: set in the file, by tier, and over that from outside */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "recipe/recipe-private.h"

#define MUST_BE_GIVEN "?"
#define HERE          "here"
#define LONGEST_VALUE 4096
#define MOST          256

typedef struct
{
  char *name, *value, *about;
  const char *file; /* that says it last; lent */
  guint line;
} Variable;

/* What a recipe says over its base. */
typedef struct
{
  const EspEntry *entry;
  const char *file;
  gboolean met;
} Over;

struct _EspVariables
{
  const char *tier;
  GPtrArray *all;    /* of Variable */
  GHashTable *given; /* name to value: from outside */
  GHashTable *overs; /* name to Over */
  GPtrArray *sets;   /* of char*: what was no NAME=VALUE */
};

static void
variable_free (gpointer data)
{
  Variable *variable = data;

  g_free (variable->name);
  g_free (variable->value);
  g_free (variable->about);
  g_free (variable);
}

/**
 * esp_variables_new:
 * @tier: quick or full; lent
 * @sets: (nullable): "NAME=VALUE" from outside, checked by esp_variables_finish()
 *
 * Returns: (transfer full): none set yet. Thread: any.
 */
EspVariables *
esp_variables_new (const char *tier, const char *const *sets)
{
  EspVariables *variables = g_new0 (EspVariables, 1);

  variables->tier = tier;
  variables->all = g_ptr_array_new_with_free_func (variable_free);
  variables->sets = g_ptr_array_new_with_free_func (g_free);
  variables->given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  variables->overs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; sets != NULL && sets[i] != NULL; i++)
    {
      const char *equals = strchr (sets[i], '=');

      if (equals == NULL || equals == sets[i])
        g_ptr_array_add (variables->sets, g_strdup (sets[i]));
      else
        g_hash_table_insert (variables->given, g_strndup (sets[i], (gsize) (equals - sets[i])), g_strdup (equals + 1));
    }
  return variables;
}

/** esp_variables_free: frees @variables. Thread: any. */
void
esp_variables_free (EspVariables *variables)
{
  g_ptr_array_unref (variables->all);
  g_ptr_array_unref (variables->sets);
  g_hash_table_unref (variables->given);
  g_hash_table_unref (variables->overs);
  g_free (variables);
}

static Variable *
find (const EspVariables *variables, const char *name, gsize n)
{
  for (guint i = 0; i < variables->all->len; i++)
    {
      Variable *variable = g_ptr_array_index (variables->all, i);

      if (strlen (variable->name) == n && memcmp (variable->name, name, n) == 0)
        return variable;
    }
  return NULL;
}

static char *
list_names (const EspVariables *variables)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < variables->all->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", ((Variable *) g_ptr_array_index (variables->all, i))->name);
  return g_string_free (names, FALSE);
}

/* (transfer full): the part of “quick | full” that counts. */
static char *
choose_tier (const EspVariables *variables, const char *value)
{
  const char *bar = strchr (value, '|');

  if (bar == NULL)
    return g_strdup (value);
  return strcmp (variables->tier, ESP_TIER_FULL) == 0 ? g_strstrip (g_strdup (bar + 1))
                                                      : g_strstrip (g_strndup (value, (gsize) (bar - value)));
}

/* (transfer full): what it stands for: as given from outside, else as written. */
static char *
value_of (const EspVariables *variables, const EspEntry *entry, const char *name, GError **error)
{
  const char *given = g_hash_table_lookup (variables->given, entry->key);
  g_autofree char *chosen = NULL;

  if (given != NULL)
    return g_strdup (given);
  chosen = choose_tier (variables, entry->value);
  return esp_variables_put_in (variables, chosen, name, entry->line, error);
}

static gboolean
refuse_second (const EspEntry *entry, const char *name, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: the variable “%s” is set already", name, entry->line, entry->key);
  return FALSE;
}

/* The file farthest from the steps has the last word. */
static gboolean
add_over (EspVariables *variables, const EspEntry *entry, const char *name, GError **error)
{
  const Over *before = g_hash_table_lookup (variables->overs, entry->key);
  Over *over;

  if (before != NULL)
    return before->file != name || refuse_second (entry, name, error);
  over = g_new0 (Over, 1);
  over->entry = entry;
  over->file = name;
  g_hash_table_insert (variables->overs, entry->key, over);
  return TRUE;
}

static gboolean
add_one (EspVariables *variables, const EspEntry *entry, const char *name, GError **error)
{
  Over *over = g_hash_table_lookup (variables->overs, entry->key);
  Variable *variable;

  if (find (variables, entry->key, strlen (entry->key)) != NULL || strcmp (entry->key, HERE) == 0)
    return refuse_second (entry, name, error);
  if (variables->all->len >= MOST)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: expected at most %d variables", name, entry->line, MOST);
      return FALSE;
    }
  variable = g_new0 (Variable, 1);
  variable->name = g_strdup (entry->key);
  variable->about = g_strdup (entry->about);
  variable->file = over != NULL ? over->file : name;
  variable->line = over != NULL ? over->entry->line : entry->line;
  variable->value = value_of (variables, over != NULL ? over->entry : entry, variable->file, error);
  if (over != NULL)
    over->met = TRUE;
  if (variable->value == NULL)
    {
      variable_free (variable);
      return FALSE;
    }
  g_ptr_array_add (variables->all, variable);
  return TRUE;
}

/**
 * esp_variables_add:
 * @section: a [set]
 * @name: of its file
 * @over: it stands over a base that is added later; its entries are lent until then
 * @error: ESP_ERROR_FORMAT with file and line: twice the same, or a variable in it that is not set above; ESP_ERROR_LIMIT
 *
 * Values have the tier chosen and the variables above put in. Returns: whether all were understood. Thread: any.
 */
gboolean
esp_variables_add (EspVariables *variables, const EspSection *section, const char *name, gboolean over, GError **error)
{
  for (guint i = 0; i < section->entries->len; i++)
    if (!(over ? add_over : add_one) (variables, g_ptr_array_index (section->entries, i), name, error))
      return FALSE;
  return TRUE;
}

/* A recipe over a base may only set what the base has. */
static gboolean
check_overs (const EspVariables *variables, GError **error)
{
  g_autofree char *known = list_names (variables);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, variables->overs);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Over *over = value;

      if (over->met)
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: the base has no variable “%s”: expected one of %s", over->file,
                   over->entry->line, over->entry->key, *known != '\0' ? known : "none");
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_given (const EspVariables *variables, const char *name, GError **error)
{
  g_autofree char *known = list_names (variables);
  GHashTableIter iter;
  gpointer key;

  if (variables->sets->len > 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "--set %s: expected NAME=VALUE", (char *) g_ptr_array_index (variables->sets, 0));
      return FALSE;
    }
  g_hash_table_iter_init (&iter, variables->given);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (find (variables, key, strlen (key)) == NULL)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "--set %s: %s has no such variable: expected one of %s", (char *) key, name,
                     *known != '\0' ? known : "none");
        return FALSE;
      }
  return TRUE;
}

/**
 * esp_variables_finish:
 * @name: of the outermost file
 * @open: variables that must be given may be left out
 * @error: ESP_ERROR_FORMAT: a variable of --set or of a file over its base that the base has not, or one that must be given and was not
 *
 * Returns: whether all is as it must be. Thread: any.
 */
gboolean
esp_variables_finish (EspVariables *variables, const char *name, gboolean open, GError **error)
{
  if (!check_overs (variables, error) || !check_given (variables, name, error))
    return FALSE;
  for (guint i = 0; !open && i < variables->all->len; i++)
    {
      const Variable *variable = g_ptr_array_index (variables->all, i);

      if (strcmp (variable->value, MUST_BE_GIVEN) == 0)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: expected --set %s=VALUE%s%s", variable->file, variable->line,
                       variable->name, variable->about != NULL ? ": " : "", variable->about != NULL ? variable->about : "");
          return FALSE;
        }
    }
  return TRUE;
}

/* One "$name", "${name}" or "$$" at @c; the first byte behind it, NULL with an error. */
static const char *
put_one (const EspVariables *variables, const char *c, GString *to, const char *name, guint line, GError **error)
{
  const gboolean braced = c[1] == '{';
  const char *begin = c + 1 + braced, *end = begin;
  const Variable *variable;

  if (c[1] == '$')
    {
      g_string_append_c (to, '$');
      return c + 2;
    }
  while (g_ascii_isalnum (*end) || *end == '_' || *end == '-')
    end++;
  if ((!braced || *end == '}') && end - begin == (gssize) strlen (HERE) && strncmp (begin, HERE, strlen (HERE)) == 0)
    {
      g_autofree char *folder = g_path_get_dirname (name);

      g_string_append (to, folder);
      return end + braced;
    }
  variable = find (variables, begin, (gsize) (end - begin));
  if (variable != NULL && (!braced || *end == '}'))
    {
      g_string_append (to, variable->value);
      return end + braced;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: $%.*s: [set] has no such variable above ($$ is a dollar sign)", name, line,
               (int) MIN (end - begin, 80), begin);
  return NULL;
}

/**
 * esp_variables_put_in:
 * @text: with $name, ${name}, $here and $$
 * @name: of its file, whose folder is $here
 * @line: of it
 * @error: ESP_ERROR_FORMAT with file and line; ESP_ERROR_LIMIT where the value is longer than 4096 bytes
 *
 * Returns: (transfer full): what it stands for. Thread: any.
 */
char *
esp_variables_put_in (const EspVariables *variables, const char *text, const char *name, guint line, GError **error)
{
  g_autoptr (GString) to = g_string_new (NULL);

  while (*text != '\0')
    {
      if (*text != '$')
        g_string_append_c (to, *text++);
      else if ((text = put_one (variables, text, to, name, line, error)) == NULL)
        return NULL;
      if (to->len > LONGEST_VALUE)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: the value is longer than %d bytes", name, line, LONGEST_VALUE);
          return NULL;
        }
    }
  return g_strdup (to->str);
}

/** esp_variables_get_n: Returns: how many were set. Thread: any. */
guint
esp_variables_get_n (const EspVariables *variables)
{
  return variables->all->len;
}

/** esp_variables_get: Returns: variable @i in the order in which they were set, its words lent;
 * its value is NULL where it must be given and was not. Thread: any. */
EspVariable
esp_variables_get (const EspVariables *variables, guint i)
{
  const Variable *variable = g_ptr_array_index (variables->all, i);

  return (EspVariable){ variable->name, strcmp (variable->value, MUST_BE_GIVEN) != 0 ? variable->value : NULL, variable->about };
}
