/* report-text.c: the report of a run as a table for people */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>

#include "measure/cpu.h"
#include "recipe/commit.h"
#include "recipe/report-private.h"

static void
append_measured (GString *text, const EspMeasured *measured, guint seeds)
{
  if (seeds == 0)
    {
      g_string_append (text, " – |");
      return;
    }
  g_string_append_printf (text, " %.2f", measured->map * 100);
  if (isfinite (measured->low))
    g_string_append_printf (text, " (%.2f to %.2f)", measured->low * 100, measured->high * 100);
  if (seeds > 1)
    g_string_append_printf (text, ", %u seeds", seeds);
  g_string_append (text, " |");
}

static void
append_difference (GString *text, EspBench *bench, const EspRow *row)
{
  EspDifference difference;

  if (!esp_row_difference (bench, row, &difference))
    g_string_append (text, " – |");
  else if (isfinite (difference.low))
    g_string_append_printf (text, " %+.2f (%+.2f to %+.2f) |", difference.value * 100, difference.low * 100, difference.high * 100);
  else
    g_string_append_printf (text, " %+.2f |", difference.value * 100);
}

static void
append_row (GString *text, EspBench *bench, const EspRow *row)
{
  const EspMeasured *result = esp_row_result (row);

  g_string_append_printf (text, "| %s |", row->id);
  append_measured (text, &row->before, row->n_before);
  append_measured (text, &row->after, row->n_after);
  append_difference (text, bench, row);
  if (result != NULL)
    g_string_append_printf (text, " %.3f |", result->f1);
  else
    g_string_append (text, " – |");
  g_string_append_printf (text, " %" G_GUINT64_FORMAT " | %.4f | %.2f |", row->cost.params, row->cost.bflops,
                          (double) row->cost.file_bytes / 1e6);
  if (row->latency.repeats > 0)
    g_string_append_printf (text, " %.2f (%.2f to %.2f) |", row->latency.median_ms, row->latency.low_ms, row->latency.high_ms);
  else
    g_string_append (text, " – |");
  g_string_append_printf (text, " %u | %.3f | %.0f |\n", row->epochs, row->spent.seconds / 3600, row->spent.gflops);
}

static void
append_head (GString *text, EspBench *bench)
{
  const EspRecipe *recipe = bench->options->recipe;
  g_autofree char *date = esp_report_date (), *cpu = esp_cpu_name ();

  g_string_append_printf (text, "# %s\n\n", esp_recipe_get_title (recipe));
  g_string_append_printf (
      text,
      "Recipe %s, tier %s, seed %" G_GUINT64_FORMAT ", %u threads of %s; %s, Espalier %s%s%s. mAP in points by protocol %s on %u test "
      "images, 95 %% intervals by the Bayesian bootstrap (images; with several seeds seeds, too), F1 at score 0.25. Latency: "
      "median and quartiles of one image by itself, after a warm-up. Hours and GFLOPs: scoring, the search for how many channels are kept "
      "and "
      "training, of all seeds of the row together; measuring on test is not in them. GFLOPs are forwards counted, a step of training or of "
      "scoring as three.\n\n",
      esp_recipe_get_id (recipe), esp_recipe_get_tier (recipe), bench->options->seed, esp_lane_get_threads (bench->options->lane),
      *cpu != '\0' ? cpu : "an unknown processor", date, ESP_VERSION, *ESP_COMMIT != '\0' ? " " : "", ESP_COMMIT,
      bench->protocol != NULL ? bench->protocol->id : "–",
      bench->sets[ESP_SET_TEST] != NULL ? esp_dataset_get_n (bench->sets[ESP_SET_TEST]) : 0);
}

static void
append_table (GString *text, EspBench *bench)
{
  g_string_append (
      text, "| row | mAP before recovery | mAP after | less dense-continued | F1 | parameters | BFLOPs | MB | latency ms | epochs | hours "
            "| GFLOPs |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (guint i = 0; i < bench->rows->len; i++)
    append_row (text, bench, g_ptr_array_index (bench->rows, i));
  g_string_append_c (text, '\n');
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);

      g_string_append_printf (text, "- %s: %s%s\n", row->id, row->title, row->taken ? " (from the table of results, not made again)" : "");
    }
  g_string_append_c (text, '\n');
}

static void
append_overlaps (GString *text, EspBench *bench)
{
  if (bench->overlaps->len == 0)
    return;
  g_string_append (
      text, "Channels that would be kept by scores of another target, as many of each set: the share that both keep, and what two choices "
            "by lot share. method: the target as it was scored; dense-continued: the class as that network learned it from the "
            "labels.\n\n| | | shared % | by chance % |\n|---|---|---|---|\n");
  for (guint i = 0; i < bench->overlaps->len; i++)
    {
      const EspOverlap *overlap = g_ptr_array_index (bench->overlaps, i);

      if (isfinite (overlap->overlap))
        g_string_append_printf (text, "| %s | %s | %.1f | %.1f |\n", overlap->a, overlap->b, overlap->overlap * 100, overlap->chance * 100);
      else
        g_string_append_printf (text, "| %s | %s | – | – |\n", overlap->a, overlap->b);
    }
  g_string_append_c (text, '\n');
  for (guint i = 0; i < bench->overlaps->len; i++)
    {
      const EspOverlap *overlap = g_ptr_array_index (bench->overlaps, i);

      if (overlap->reason != NULL)
        g_string_append_printf (text, "%s and %s: %s.\n\n", overlap->a, overlap->b, overlap->reason);
    }
}

static void
append_parts (GString *text, EspBench *bench)
{
  g_autoptr (GPtrArray) parts = esp_report_decompose (bench);

  if (parts->len == 0)
    return;
  g_string_append (text, "| part | points of mAP | 95 % | |\n|---|---|---|---|\n");
  for (guint i = 0; i < parts->len; i++)
    {
      const EspDifference *part = g_ptr_array_index (parts, i);

      g_string_append_printf (text, "| %s | %+.2f |", part->name, part->value * 100);
      if (isfinite (part->low))
        g_string_append_printf (text, " %+.2f to %+.2f |", part->low * 100, part->high * 100);
      else
        g_string_append (text, " – |");
      g_string_append_printf (text, " %s |\n", part->title);
    }
  g_string_append_c (text, '\n');
}

/** esp_report_to_text: Returns: (transfer full): Markdown: the table, what each part gave, and what was beaten. Thread: any. */
char *
esp_report_to_text (EspBench *bench)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GPtrArray) sentences = esp_report_judge (bench, FALSE);

  append_head (text, bench);
  append_table (text, bench);
  append_parts (text, bench);
  append_overlaps (text, bench);
  for (guint i = 0; i < sentences->len; i++)
    g_string_append_printf (text, "%s\n", (const char *) g_ptr_array_index (sentences, i));
  return g_string_free (text, FALSE);
}
