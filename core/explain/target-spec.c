/* target-spec.c: the words for a target, read */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-spec-private.h"

#include <math.h>
#include <string.h>

#define MOST_TERMS  16
#define MOST_LENGTH 4096

static const char *const keywords[] = { "dataset", "class:", "box:", "missed:", "cells:" };

/* "2*" or nothing. */
static const char *
skip_factor (const char *text, double *factor)
{
  char *end;
  const double value = g_ascii_strtod (text, &end);

  *factor = 1;
  if (end == text || *end != '*' || !isfinite (value))
    return text;
  *factor = value;
  return end + 1;
}

static gboolean
begins_term (const char *text)
{
  double unused;
  const char *word = skip_factor (text, &unused);

  for (guint i = 0; i < G_N_ELEMENTS (keywords); i++)
    if (g_str_has_prefix (word, keywords[i]))
      return TRUE;
  return FALSE;
}

/* A plus or a minus parts two terms only where a term begins behind it: names and numbers may hold them. */
static const char *
end_of_term (const char *text)
{
  for (const char *at = text + 1; *at != '\0'; at++)
    if ((*at == '+' || *at == '-') && begins_term (at + 1))
      return at;
  return text + strlen (text);
}

static gboolean
read_part (const char *word, EspTerm *term)
{
  static const char *const parts[] = { "x", "y", "w", "h", "objectness", "class" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_str_equal (word, parts[i]))
      {
        term->part = (int) i;
        return TRUE;
      }
  return FALSE;
}

/* "3" or "3:y" */
static gboolean
read_box (const char *words, EspTerm *term)
{
  g_auto (GStrv) pieces = g_strsplit (words, ":", 3);
  gint64 box;

  if (pieces[0] == NULL || !g_ascii_string_to_signed (pieces[0], 10, 1, G_MAXINT, &box, NULL))
    return FALSE;
  term->form = ESP_TERM_BOX;
  term->box = (int) box;
  term->part = -1;
  return pieces[1] == NULL || (pieces[2] == NULL && read_part (pieces[1], term));
}

/* "120,30,60,80:dog" */
static gboolean
read_missed (const char *words, EspTerm *term)
{
  for (guint i = 0; i < 4; i++)
    {
      char *end;

      term->pixels[i] = g_ascii_strtod (words, &end);
      if (end == words || *end != (i < 3 ? ',' : ':') || !isfinite (term->pixels[i]))
        return FALSE;
      words = end + 1;
    }
  term->form = ESP_TERM_MISSED;
  term->words = g_strdup (words);
  return *words != '\0';
}

static gboolean
read_whole (const char *word, int *number)
{
  gint64 value;

  if (!g_ascii_string_to_signed (word, 10, 0, G_MAXINT, &value, NULL))
    return FALSE;
  *number = (int) value;
  return TRUE;
}

/* "121:4,5" or "121:4:3,5" */
static gboolean
read_cells (const char *words, EspTerm *term)
{
  g_auto (GStrv) pieces = g_strsplit (words, ":", 4);
  const guint n = g_strv_length (pieces);
  g_auto (GStrv) channels = n >= 2 ? g_strsplit (pieces[1], ",", MOST_LENGTH) : NULL;
  g_auto (GStrv) cell = n == 3 ? g_strsplit (pieces[2], ",", 3) : NULL;
  int head;

  if (n < 2 || n > 3 || !read_whole (pieces[0], &head) || channels[0] == NULL)
    return FALSE;
  term->form = ESP_TERM_CELLS;
  term->head = (guint) head;
  term->row = term->column = -1;
  term->channels = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; channels[i] != NULL; i++)
    {
      int channel;

      if (!read_whole (channels[i], &channel))
        return FALSE;
      g_array_append_val (term->channels, channel);
    }
  return n == 2 || (g_strv_length (cell) == 2 && read_whole (cell[0], &term->row) && read_whole (cell[1], &term->column));
}

static gboolean
read_term (const char *text, EspTerm *term)
{
  const char *word = skip_factor (text, &term->factor);

  if (g_str_equal (word, "dataset"))
    {
      term->form = ESP_TERM_DATASET;
      return TRUE;
    }
  if (g_str_has_prefix (word, "class:"))
    {
      term->form = ESP_TERM_CLASS;
      term->words = g_strdup (word + strlen ("class:"));
      return *term->words != '\0';
    }
  if (g_str_has_prefix (word, "box:"))
    return read_box (word + strlen ("box:"), term);
  if (g_str_has_prefix (word, "missed:"))
    return read_missed (word + strlen ("missed:"), term);
  return g_str_has_prefix (word, "cells:") && read_cells (word + strlen ("cells:"), term);
}

static void
term_clear (gpointer data)
{
  EspTerm *term = data;

  g_free (term->words);
  g_clear_pointer (&term->channels, g_array_unref);
}

static gboolean
read_terms (EspTargetSpec *spec, const char *text)
{
  for (const char *at = text; *at != '\0';)
    {
      const gboolean signs = *at == '+' || *at == '-';
      const char *end = end_of_term (at);
      g_autofree char *words = g_strndup (at + signs, (gsize) (end - at - signs));
      EspTerm term = { 0 };
      const gboolean read = spec->terms->len < MOST_TERMS && read_term (words, &term);

      if (*at == '-')
        term.factor = 0 - term.factor;
      g_array_append_val (spec->terms, term);
      if (!read)
        return FALSE;
      at = end;
    }
  return spec->terms->len > 0;
}

/**
 * esp_target_spec_new:
 * @text: "dataset"; "class:NAME" or "class:NAME+NAME", names or indices; "box:K", from 1 by score, or one number of it, "box:K:objectness",
 *   "box:K:class", "box:K:x", y, w, h; "missed:X,Y,W,H:NAME", in pixels of the image, top left first; "cells:HEAD:CHANNEL,CHANNEL" or, at
 *   one cell, "cells:HEAD:CHANNEL:ROW,COLUMN"; sums of up to 16 of these, each with a factor or none: "2*box:1-0.5*box:2"
 * @error: G_OPTION_ERROR_BAD_VALUE where it is none of them
 *
 * Classes and boxes are looked for later. Returns: (transfer full): what was asked for. Thread: any.
 */
EspTargetSpec *
esp_target_spec_new (const char *text, GError **error)
{
  EspTargetSpec *spec = g_new0 (EspTargetSpec, 1);

  spec->terms = g_array_new (FALSE, FALSE, sizeof (EspTerm));
  g_array_set_clear_func (spec->terms, term_clear);
  if (strlen (text) <= MOST_LENGTH && read_terms (spec, text))
    return spec;
  esp_target_spec_free (spec);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "target %.80s: expected class:NAME, box:K with K from 1, box:K:PART (objectness, class, x, y, w or h), missed:X,Y,W,H:NAME, "
               "cells:HEAD:CHANNELS[:ROW,COLUMN], dataset, or a sum of these",
               text);
  return NULL;
}

/** esp_target_spec_free: frees @spec (nullable). Thread: any. */
void
esp_target_spec_free (EspTargetSpec *spec)
{
  if (spec == NULL)
    return;
  g_array_unref (spec->terms);
  g_free (spec);
}

/** esp_target_spec_is_of_image: Returns: whether it speaks of a box, which only one photograph can have. Thread: any. */
gboolean
esp_target_spec_is_of_image (const EspTargetSpec *spec)
{
  for (guint i = 0; i < spec->terms->len; i++)
    if (g_array_index (spec->terms, EspTerm, i).form == ESP_TERM_BOX || g_array_index (spec->terms, EspTerm, i).form == ESP_TERM_MISSED)
      return TRUE;
  return FALSE;
}

/** esp_target_spec_get_box: Returns: the K of box:K where it speaks of that one box, or of a number of it, alone; else 0. Thread: any. */
int
esp_target_spec_get_box (const EspTargetSpec *spec)
{
  const EspTerm *term = &g_array_index (spec->terms, EspTerm, 0);

  return spec->terms->len == 1 && term->form == ESP_TERM_BOX ? term->box : 0;
}
