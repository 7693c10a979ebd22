/* checkpoint.c: the sections of a checkpoint, and the network's part of a run in them */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/checkpoint-private.h"

#include <string.h>

#define SETTINGS   "settings"
#define PARAMETERS "parameters"
#define STATISTICS "statistics"
#define OPTIMISER  "optimiser"

static void
section_clear (gpointer data)
{
  EspCheckpointSection *section = data;

  g_bytes_unref (section->bytes);
}

/** esp_checkpoint_new: Returns: (transfer full): a checkpoint without sections. Thread: any. */
EspCheckpoint *
esp_checkpoint_new (void)
{
  EspCheckpoint *checkpoint = g_new0 (EspCheckpoint, 1);

  checkpoint->sections = g_array_new (FALSE, TRUE, sizeof (EspCheckpointSection));
  g_array_set_clear_func (checkpoint->sections, section_clear);
  return checkpoint;
}

/** esp_checkpoint_free: frees @checkpoint and its sections. */
void
esp_checkpoint_free (EspCheckpoint *checkpoint)
{
  g_free (checkpoint->title);
  g_array_unref (checkpoint->sections);
  g_free (checkpoint);
}

/** esp_checkpoint_is_name: Returns: whether a section may have that name. Thread: any. */
gboolean
esp_checkpoint_is_name (const char *name)
{
  const gsize n = strlen (name);

  if (n == 0 || n >= ESP_CHECKPOINT_NAME)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum (name[i]) && name[i] != '-' && name[i] != '_')
      return FALSE;
  return TRUE;
}

/** esp_checkpoint_find: Returns: (transfer none) (nullable): the section of that name. Thread: any. */
const EspCheckpointSection *
esp_checkpoint_find (const EspCheckpoint *checkpoint, const char *name)
{
  for (guint i = 0; i < checkpoint->sections->len; i++)
    {
      const EspCheckpointSection *section = &g_array_index (checkpoint->sections, EspCheckpointSection, i);

      if (strcmp (section->name, name) == 0)
        return section;
    }
  return NULL;
}

/** esp_checkpoint_add: adds a section that is not there yet; @bytes: (transfer full). Thread: that of the checkpoint. */
void
esp_checkpoint_add (EspCheckpoint *checkpoint, const char *name, GBytes *bytes)
{
  EspCheckpointSection section = { .bytes = bytes };

  g_return_if_fail (esp_checkpoint_is_name (name) && esp_checkpoint_find (checkpoint, name) == NULL);
  g_return_if_fail (checkpoint->sections->len < ESP_CHECKPOINT_MOST);
  g_strlcpy (section.name, name, sizeof section.name);
  g_array_append_val (checkpoint->sections, section);
}

/** esp_checkpoint_add_words: adds a section of @n whole numbers. */
void
esp_checkpoint_add_words (EspCheckpoint *checkpoint, const char *name, const guint64 *words, guint n)
{
  g_autofree guint64 *copy = g_new (guint64, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    copy[i] = GUINT64_TO_LE (words[i]);
  esp_checkpoint_add (checkpoint, name, g_bytes_new (copy, n * sizeof *copy));
}

/** esp_checkpoint_add_numbers: adds a section of @n doubles, bit for bit. */
void
esp_checkpoint_add_numbers (EspCheckpoint *checkpoint, const char *name, const double *numbers, guint n)
{
  g_autofree guint64 *words = g_new (guint64, MAX (n, 1));

  if (n > 0)
    memcpy (words, numbers, n * sizeof *numbers);
  esp_checkpoint_add_words (checkpoint, name, words, n);
}

/** esp_checkpoint_add_settings: adds what must be the same for a run to go on as if nothing had been: a line each, "what: how". */
void
esp_checkpoint_add_settings (EspCheckpoint *checkpoint, const char *settings)
{
  esp_checkpoint_add (checkpoint, SETTINGS, g_bytes_new (settings, strlen (settings)));
}

/* (transfer full): @n numbers as words of little-endian bytes; lent where they are such already. */
static GBytes *
floats_to_bytes (const float *numbers, gsize n)
{
  guint32 *words;

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return g_bytes_new_static (numbers, n * sizeof *numbers);
  words = g_new (guint32, MAX (n, 1));
  for (gsize i = 0; i < n; i++)
    {
      memcpy (&words[i], &numbers[i], sizeof words[i]);
      words[i] = GUINT32_TO_LE (words[i]);
    }
  return g_bytes_new_take (words, n * sizeof *words);
}

static void
floats_from_bytes (float *numbers, const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint32 word;

      memcpy (&word, bytes + i * sizeof word, sizeof word);
      word = GUINT32_FROM_LE (word);
      memcpy (&numbers[i], &word, sizeof word);
    }
}

/**
 * esp_checkpoint_add_training:
 * @checkpoint: a checkpoint
 * @vector: lent until the checkpoint is freed: it must not change before it is saved
 * @optimiser: of that vector; copied
 *
 * Adds parameters, running statistics and the optimiser's state. Thread: that of the vector.
 */
void
esp_checkpoint_add_training (EspCheckpoint *checkpoint, EspParameterVector *vector, const EspOptimiser *optimiser)
{
  const gsize n = esp_parameter_vector_get_n (vector), m = esp_parameter_vector_get_n_statistics (vector);
  const gsize state = esp_optimiser_state_bytes (optimiser);
  guint8 *bytes = g_malloc (state);

  esp_optimiser_save (optimiser, bytes);
  esp_checkpoint_add (checkpoint, PARAMETERS, floats_to_bytes (esp_parameter_vector_get_parameters (vector), n));
  esp_checkpoint_add (checkpoint, STATISTICS, floats_to_bytes (esp_parameter_vector_get_statistics (vector), m));
  esp_checkpoint_add (checkpoint, OPTIMISER, g_bytes_new_take (bytes, state));
}

/** esp_checkpoint_get: Returns: (transfer none) (nullable): the bytes of that section. Thread: any. */
GBytes *
esp_checkpoint_get (const EspCheckpoint *checkpoint, const char *name)
{
  const EspCheckpointSection *section = esp_checkpoint_find (checkpoint, name);

  return section != NULL ? section->bytes : NULL;
}

static const char *
title_of (const EspCheckpoint *checkpoint)
{
  return checkpoint->title != NULL ? checkpoint->title : "the checkpoint";
}

/** esp_checkpoint_expect: Returns: whether that section is there and has @n bytes, else ESP_ERROR_FORMAT or ESP_ERROR_SHAPE. Thread:
 * any. */
gboolean
esp_checkpoint_expect (const EspCheckpoint *checkpoint, const char *name, gsize n, const guint8 **data, GError **error)
{
  const EspCheckpointSection *section = esp_checkpoint_find (checkpoint, name);
  gsize found;

  if (section == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it has no section “%s”", title_of (checkpoint), name);
      return FALSE;
    }
  *data = g_bytes_get_data (section->bytes, &found);
  if (found == n)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
               "%s: the section “%s” at byte %" G_GSIZE_FORMAT " has %" G_GSIZE_FORMAT " bytes: expected %" G_GSIZE_FORMAT,
               title_of (checkpoint), name, section->at, found, n);
  return FALSE;
}

/** esp_checkpoint_read_words: Returns: whether the section is there with exactly @n whole numbers; else none is written. Thread: any. */
gboolean
esp_checkpoint_read_words (const EspCheckpoint *checkpoint, const char *name, guint64 *words, guint n, GError **error)
{
  const guint8 *data;

  if (!esp_checkpoint_expect (checkpoint, name, n * sizeof *words, &data, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      memcpy (&words[i], data + i * sizeof *words, sizeof *words);
      words[i] = GUINT64_FROM_LE (words[i]);
    }
  return TRUE;
}

/** esp_checkpoint_read_numbers: as esp_checkpoint_read_words(), of doubles. */
gboolean
esp_checkpoint_read_numbers (const EspCheckpoint *checkpoint, const char *name, double *numbers, guint n, GError **error)
{
  g_autofree guint64 *words = g_new (guint64, MAX (n, 1));

  if (!esp_checkpoint_read_words (checkpoint, name, words, n, error))
    return FALSE;
  if (n > 0)
    memcpy (numbers, words, n * sizeof *numbers);
  return TRUE;
}

/* A line of @text, short and printable. */
static char *
show_line (const char *text)
{
  const gsize n = strcspn (text, "\n");
  g_autofree char *line = g_strndup (text, MIN (n, 120));
  g_autofree char *valid = g_utf8_make_valid (line, -1);

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return n == 0 ? g_strdup ("nothing") : g_strdup_printf ("“%s%s”", valid, n > 120 ? "…" : "");
}

/**
 * esp_checkpoint_check_settings:
 * @checkpoint: that was read
 * @settings: of the run that would go on, as it would write them
 * @error: ESP_ERROR_FORMAT with the first line that differs
 *
 * Returns: whether it is a checkpoint of this very run: to the byte. Thread: any.
 */
gboolean
esp_checkpoint_check_settings (const EspCheckpoint *checkpoint, const char *settings, GError **error)
{
  GBytes *bytes = esp_checkpoint_get (checkpoint, SETTINGS);
  g_autofree char *theirs = bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
  const char *ours = settings, *other = theirs;
  g_autofree char *found = NULL, *expected = NULL;

  if (bytes == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it has no section “" SETTINGS "”", title_of (checkpoint));
      return FALSE;
    }
  if (strcmp (theirs, settings) == 0 && strlen (theirs) == g_bytes_get_size (bytes))
    return TRUE;
  while (*ours != '\0' && *ours == *other && strcspn (ours, "\n") == strcspn (other, "\n")
         && strncmp (ours, other, strcspn (ours, "\n")) == 0)
    {
      const gsize line = strcspn (ours, "\n");

      ours += line + (ours[line] == '\n');
      other += line + (other[line] == '\n');
    }
  found = show_line (other);
  expected = show_line (ours);
  g_set_error (
      error, ESP_ERROR, ESP_ERROR_FORMAT,
      "%s: it belongs to another run: it has %s where this run has %s: go on with what it was begun with, or begin anew in another folder",
      title_of (checkpoint), found, expected);
  return FALSE;
}

/**
 * esp_checkpoint_read_training:
 * @checkpoint: that was read
 * @vector: of the same network
 * @optimiser: (transfer none): of that vector, with the same options
 * @error: ESP_ERROR_FORMAT or ESP_ERROR_SHAPE; nothing is changed then
 *
 * Puts parameters, running statistics and the optimiser's state back, bit for bit. Thread: that of the vector.
 */
gboolean
esp_checkpoint_read_training (const EspCheckpoint *checkpoint, EspParameterVector *vector, EspOptimiser *optimiser, GError **error)
{
  const gsize n = esp_parameter_vector_get_n (vector), m = esp_parameter_vector_get_n_statistics (vector);
  const guint8 *parameters, *statistics, *state;

  if (!esp_checkpoint_expect (checkpoint, PARAMETERS, n * sizeof (float), &parameters, error)
      || !esp_checkpoint_expect (checkpoint, STATISTICS, m * sizeof (float), &statistics, error)
      || !esp_checkpoint_expect (checkpoint, OPTIMISER, esp_optimiser_state_bytes (optimiser), &state, error)
      || !esp_optimiser_load (optimiser, state, esp_optimiser_state_bytes (optimiser), title_of (checkpoint), error))
    return FALSE;
  floats_from_bytes (esp_parameter_vector_get_parameters (vector), parameters, n);
  floats_from_bytes (esp_parameter_vector_get_statistics (vector), statistics, m);
  return TRUE;
}
