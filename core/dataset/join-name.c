/* join-name.c: names for the pictures of joined data sets: their own, unless two have the same */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join-private.h"

#include <string.h>

#include "base/hash.h"

#define N_DIGITS 8 /* of a picture's hash in its name */

/* A name that a list can hold: no signs that end a line, none at the start that make it a comment. */
static char *
clean_name (const char *name)
{
  char *clean = g_utf8_make_valid (name, -1);

  for (char *c = clean; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '_';
  if (*clean == '#' || *clean == ';')
    *clean = '_';
  return clean;
}

/* What names are compared by: labels are found without the ending, and some file systems know no case. */
static char *
stem_of (const char *name)
{
  const char *dot = strrchr (name, '.');
  g_autofree char *stem = g_strndup (name, dot != NULL ? (gsize) (dot - name) : strlen (name));

  return g_utf8_casefold (stem, -1);
}

static gboolean
add_hash (EspJoinImage *image, const char *suffix, GError **error)
{
  g_autofree char *hash = esp_hash_file (image->sample->path, error);
  g_autofree char *old = image->name;
  const char *dot = strrchr (old, '.');
  const int n = dot != NULL ? (int) (dot - old) : (int) strlen (old);

  image->name = hash != NULL ? g_strdup_printf ("%.*s-%.*s%s%s", n, old, N_DIGITS, hash, suffix, old + n) : g_strdup (old);
  return hash != NULL;
}

static GHashTable *
count_stems (const EspJoin *join)
{
  GHashTable *stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < join->images->len; i++)
    {
      g_autofree char *stem = stem_of (g_array_index (join->images, EspJoinImage, i).name);
      const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (stems, stem));

      g_hash_table_insert (stems, g_steal_pointer (&stem), GUINT_TO_POINTER (n + 1));
    }
  return stems;
}

/* The @n-th picture of a name and content that others have, too: a number is added. */
static gboolean
number_doubles (EspJoin *join, GError **error)
{
  g_autoptr (GHashTable) met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < join->images->len; i++)
    {
      EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);
      g_autofree char *stem = stem_of (image->name);

      for (guint n = 2; g_hash_table_contains (met, stem); n++)
        {
          g_autofree char *suffix = g_strdup_printf ("-%u", n);

          if (!add_hash (image, suffix, error))
            return FALSE;
          g_free (stem);
          stem = stem_of (image->name);
        }
      g_hash_table_add (met, g_steal_pointer (&stem));
    }
  return TRUE;
}

/**
 * esp_join_name:
 * @join: gets the names of the copies
 * @error: ESP_ERROR_IO for a picture that cannot be read
 *
 * A name that no other picture has stays; all that share one get eight digits of their content's hash, so that a picture is called the same
 * whatever it is joined with in which order, as long as there is one of that name.
 */
gboolean
esp_join_name (EspJoin *join, GError **error)
{
  g_autoptr (GHashTable) stems = NULL;

  for (guint i = 0; i < join->images->len; i++)
    {
      EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);

      image->name = clean_name (image->sample->name);
    }
  stems = count_stems (join);
  for (guint i = 0; i < join->images->len; i++)
    {
      EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);
      g_autofree char *stem = stem_of (image->name);

      if (GPOINTER_TO_UINT (g_hash_table_lookup (stems, stem)) < 2)
        continue;
      if (!add_hash (image, "", error))
        return FALSE;
      join->report->n_renamed++;
    }
  return number_doubles (join, error);
}
