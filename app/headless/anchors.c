/* anchors.c: espalier-cli anchors: the box sizes that a head should start from, found in a data set */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "data-options.h"
#include "network-options.h"
#include "verbs.h"

#include "train/anchors.h"

#define MOST_ANCHORS 4096
#define MOST_SIDE    65536
#define NOT_GIVEN    G_MININT

static char *cfg_path, *dialect, *fit_word, *split;
static int count = NOT_GIVEN, width = NOT_GIVEN, height = NOT_GIVEN;
static EspDrawOptions draw;

static const GOptionEntry options[] = {
  { "net", 0, 0, G_OPTION_ARG_FILENAME, &cfg_path,
    "Size of the input, fit and number of anchors as in this network; its own are measured, too", "NET.cfg" },
  ESP_DIALECT_OPTION (dialect),
  { "count", 0, 0, G_OPTION_ARG_INT, &count, "Number of anchors (default: the network's, else 6)", "N" },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, "Of the input in pixels (default: the network's, else 416)", "W" },
  { "height", 0, 0, G_OPTION_ARG_INT, &height, "Of the input in pixels (default: the network's, else 416)", "H" },
  { "fit", 0, 0, G_OPTION_ARG_STRING, &fit_word, "stretch or letterbox (default: as the cfg's letter_box says, else stretch)", "FIT" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test of the data set (default train, as for training)", "SPLIT" },
  ESP_DRAW_OPTIONS (draw),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  GArray *sizes, *found, *own; /* own: NULL without a network */
  EspAnchorFit fit, own_fit;
} Found;

static void
found_clear (Found *found)
{
  g_clear_pointer (&found->sizes, g_array_unref);
  g_clear_pointer (&found->found, g_array_unref);
  g_clear_pointer (&found->own, g_array_unref);
}

static gboolean
check_number (const char *name, int value, int most, GError **error)
{
  if (value >= 1 && value <= most)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %d: expected 1 to %d", name, value, most);
  return FALSE;
}

/* What was not given is the network's, else usual. */
static gboolean
fill_in (const EspNetwork *network, Found *found, EspFit *fit, GError **error)
{
  const EspShape input = network != NULL ? esp_network_get_input (network) : (EspShape){ 1, 3, 416, 416 };

  found->own = network != NULL ? esp_anchors_of (network) : NULL;
  count = count != NOT_GIVEN ? count : found->own != NULL && found->own->len > 0 ? (int) found->own->len : 6;
  width = width != NOT_GIVEN ? width : input.w;
  height = height != NOT_GIVEN ? height : input.h;
  *fit = network != NULL && esp_network_get_letterbox (network) ? ESP_FIT_LETTERBOX : ESP_FIT_STRETCH;
  if (fit_word != NULL && g_strcmp0 (fit_word, "stretch") != 0 && g_strcmp0 (fit_word, "letterbox") != 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--fit %s: expected stretch or letterbox", fit_word);
      return FALSE;
    }
  if (fit_word != NULL)
    *fit = g_strcmp0 (fit_word, "letterbox") == 0 ? ESP_FIT_LETTERBOX : ESP_FIT_STRETCH;
  return check_number ("count", count, MOST_ANCHORS, error) && check_number ("width", width, MOST_SIDE, error)
         && check_number ("height", height, MOST_SIDE, error);
}

static void
add_fit (JsonBuilder *json, EspAnchorFit fit)
{
  esp_json_double (json, "mean_iou", fit.overlap);
  esp_json_double (json, "share_above_half", fit.share);
}

static void
add_anchors (JsonBuilder *json, const Found *found, const char *line)
{
  esp_json_int (json, "boxes", found->sizes->len);
  json_builder_set_member_name (json, "anchors");
  json_builder_begin_array (json);
  for (guint i = 0; i < found->found->len; i++)
    {
      const EspAnchor *anchor = &g_array_index (found->found, EspAnchor, i);

      json_builder_begin_object (json);
      esp_json_double (json, "w", anchor->w);
      esp_json_double (json, "h", anchor->h);
      esp_json_int (json, "boxes", anchor->n);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  add_fit (json, found->fit);
  esp_json_string (json, "line", line);
  if (found->own == NULL)
    return;
  json_builder_set_member_name (json, "network");
  json_builder_begin_object (json);
  add_fit (json, found->own_fit);
  json_builder_end_object (json);
}

static char *
line_of (const GArray *anchors)
{
  GString *line = g_string_new ("anchors =");

  for (guint i = 0; i < anchors->len; i++)
    {
      char w[G_ASCII_DTOSTR_BUF_SIZE], h[G_ASCII_DTOSTR_BUF_SIZE];
      const EspAnchor *anchor = &g_array_index (anchors, EspAnchor, i);

      g_string_append_printf (line, "%s %s,%s", i > 0 ? "," : "", g_ascii_formatd (w, sizeof w, "%.1f", anchor->w),
                              g_ascii_formatd (h, sizeof h, "%.1f", anchor->h));
    }
  return g_string_free (line, FALSE);
}

static void
print_anchors (const Found *found, const char *line)
{
  for (guint i = 0; i < found->found->len; i++)
    {
      const EspAnchor *anchor = &g_array_index (found->found, EspAnchor, i);

      g_print ("%8.1f x %-8.1f %8u boxes\n", anchor->w, anchor->h, anchor->n);
    }
  g_print ("\n%u boxes on %d x %d: mean IoU %.3f, %.1f %% above 1/2\n", found->sizes->len, width, height, found->fit.overlap,
           100 * found->fit.share);
  if (found->own != NULL)
    g_print ("with the network's own %u anchors: mean IoU %.3f, %.1f %% above 1/2\n", found->own->len, found->own_fit.overlap,
             100 * found->own_fit.share);
  g_print ("%s\n", line);
}

static gboolean
find (const char *path, const EspNetwork *network, guint64 seed, EspJob *job, Found *found, GError **error)
{
  EspFit fit;
  g_autoptr (EspDataset) dataset = NULL;

  if (!fill_in (network, found, &fit, error))
    return FALSE;
  dataset = esp_data_open_train ("anchors", path, (EspDatasetOptions){ .split = split }, &draw, job, error);
  if (dataset == NULL || (found->sizes = esp_anchors_collect (dataset, fit, width, height, job, error)) == NULL)
    return FALSE;
  found->found = esp_anchors_find (found->sizes, (guint) count, seed, job, error);
  if (found->found == NULL)
    return FALSE;
  found->fit = esp_anchors_measure (found->sizes, found->found);
  if (found->own != NULL)
    found->own_fit = esp_anchors_measure (found->sizes, found->own);
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *line = NULL;
  Found found = { 0 };
  gboolean done;

  if (cfg_path != NULL && (network = esp_options_load_network (cfg_path, dialect, error)) == NULL)
    return FALSE;
  done = find (argv[0], network, (guint64) common->seed, NULL, &found, error);
  if (done)
    {
      line = line_of (found.found);
      add_anchors (json, &found, line);
      if (!common->json)
        print_anchors (&found, line);
    }
  found_clear (&found);
  return done;
}

const EspVerb esp_verb_anchors = {
  .name = "anchors",
  .arguments = "DATA",
  .summary = "Find the box sizes that a head should start from",
  .options = options,
  .least = 1,
  .most = 1,
  .run = run,
};
