/* optimiser-state.c: what an optimiser remembers, as bytes of a checkpoint: little-endian words, then its vectors */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/optimiser-private.h"

#include <string.h>

enum
{
  WORD_KIND,
  WORD_N,
  WORD_N_STATISTICS,
  WORD_N_STEPS,
  WORD_N_AVERAGED,
  WORD_AVERAGES, /* 1 where an average follows */
  N_WORDS,
};

#define HEADER (N_WORDS * sizeof (guint64))

static const char *const word_titles[N_WORDS] = {
  "kind of optimiser", "parameters", "running statistics", "updates", "updates of the average", "average",
};

static gsize
average_n (const EspOptimiser *optimiser)
{
  return optimiser->average != NULL ? optimiser->n + optimiser->n_statistics : 0;
}

/** esp_optimiser_state_bytes: Returns: how many bytes esp_optimiser_save() writes; the same at every update. Thread: any. */
gsize
esp_optimiser_state_bytes (const EspOptimiser *optimiser)
{
  return HEADER + (optimiser->n * (optimiser->second != NULL ? 2 : 1) + average_n (optimiser)) * sizeof (float);
}

static guint8 *
put (guint8 *bytes, const float *numbers, gsize n)
{
  if (n > 0)
    memcpy (bytes, numbers, n * sizeof (float));
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < n; i++)
    {
      guint32 word;

      memcpy (&word, numbers + i, sizeof word);
      word = GUINT32_TO_LE (word);
      memcpy (bytes + i * sizeof word, &word, sizeof word);
    }
#endif
  return bytes + n * sizeof (float);
}

/* The same way back, since swapping is its own inverse. */
static const guint8 *
take (const guint8 *bytes, float *numbers, gsize n)
{
  put ((guint8 *) numbers, (const float *) (gconstpointer) bytes, n);
  return bytes + n * sizeof (float);
}

/** esp_optimiser_save: writes the state, esp_optimiser_state_bytes() of them, to @bytes. Thread: that of the optimiser. */
void
esp_optimiser_save (const EspOptimiser *optimiser, guint8 *bytes)
{
  const guint64 words[N_WORDS] = { optimiser->options.kind, optimiser->n,          optimiser->n_statistics,
                                   optimiser->n_steps,      optimiser->n_averaged, optimiser->average != NULL };

  for (guint w = 0; w < N_WORDS; w++)
    {
      const guint64 word = GUINT64_TO_LE (words[w]);

      memcpy (bytes + w * sizeof word, &word, sizeof word);
    }
  bytes = put (bytes + HEADER, optimiser->first, optimiser->n);
  if (optimiser->second != NULL)
    bytes = put (bytes, optimiser->second, optimiser->n);
  put (bytes, optimiser->average, average_n (optimiser));
}

/* What must be as it is here: the kind, the counts, and whether there is an average. */
static gboolean
check_words (const EspOptimiser *optimiser, const guint64 words[N_WORDS], const char *name, GError **error)
{
  const guint64 expected[N_WORDS] = { optimiser->options.kind, optimiser->n,           optimiser->n_statistics,
                                      words[WORD_N_STEPS],     words[WORD_N_AVERAGED], optimiser->average != NULL };

  for (guint w = 0; w < N_WORDS; w++)
    if (words[w] != expected[w])
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                     "%s: bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " of the optimiser's state, %s: %" G_GUINT64_FORMAT
                     " found, %" G_GUINT64_FORMAT " expected",
                     name, w * sizeof (guint64), (w + 1) * sizeof (guint64) - 1, word_titles[w], words[w], expected[w]);
        return FALSE;
      }
  if (words[WORD_N_AVERAGED] == 0 || (optimiser->average != NULL && words[WORD_N_AVERAGED] - 1 <= words[WORD_N_STEPS]))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               "%s: the optimiser's state has an average of %" G_GUINT64_FORMAT " updates after %" G_GUINT64_FORMAT, name,
               words[WORD_N_AVERAGED] - 1, words[WORD_N_STEPS]);
  return FALSE;
}

/**
 * esp_optimiser_load:
 * @optimiser: made with the options of the one that was saved
 * @bytes: as esp_optimiser_save() wrote them
 * @n: how many
 * @name: what messages call the file
 * @error: ESP_ERROR_FORMAT or ESP_ERROR_SHAPE; nothing is changed then
 *
 * The next update is the one that would have followed, bit for bit. Returns: whether it was taken. Thread: that of the optimiser.
 */
gboolean
esp_optimiser_load (EspOptimiser *optimiser, const guint8 *bytes, gsize n, const char *name, GError **error)
{
  guint64 words[N_WORDS];

  if (n < HEADER)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: the optimiser's state has %" G_GSIZE_FORMAT " bytes, at least %" G_GSIZE_FORMAT " expected", name, n, HEADER);
      return FALSE;
    }
  for (guint w = 0; w < N_WORDS; w++)
    {
      memcpy (&words[w], bytes + w * sizeof (guint64), sizeof (guint64));
      words[w] = GUINT64_FROM_LE (words[w]);
    }
  if (!check_words (optimiser, words, name, error))
    return FALSE;
  if (n != esp_optimiser_state_bytes (optimiser))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: the optimiser's state has %" G_GSIZE_FORMAT " bytes, %" G_GSIZE_FORMAT " expected", name, n,
                   esp_optimiser_state_bytes (optimiser));
      return FALSE;
    }
  optimiser->n_steps = words[WORD_N_STEPS];
  optimiser->n_averaged = words[WORD_N_AVERAGED];
  bytes = take (bytes + HEADER, optimiser->first, optimiser->n);
  if (optimiser->second != NULL)
    bytes = take (bytes, optimiser->second, optimiser->n);
  take (bytes, optimiser->average, average_n (optimiser));
  return TRUE;
}
