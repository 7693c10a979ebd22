/* common.c: options, JSON and exit codes that all verbs share */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "verb.h"

#include <math.h>
#include <stdlib.h>

#define MOST_THREADS 256

/**
 * esp_common_lane:
 * @common: the options of this run
 *
 * Returns: (transfer none): the compute lane, started on first use with the threads asked for.
 */
EspLane *
esp_common_lane (EspCommon *common)
{
  if (common->lane == NULL)
    common->lane = esp_lane_new ((guint) MAX (common->threads, 0));
  return common->lane;
}

/** esp_json_int: adds @name: @value to the object under construction. */
void
esp_json_int (JsonBuilder *json, const char *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

/** esp_json_double: adds @name: @value, or null where @value is not finite. */
void
esp_json_double (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  if (isfinite (value))
    json_builder_add_double_value (json, value);
  else
    json_builder_add_null_value (json);
}

/** esp_json_cost: adds @name: an object of parameters, BFLOPs and bytes of the weights file. */
void
esp_json_cost (JsonBuilder *json, const char *name, EspCost cost)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
  esp_json_int (json, "params", (gint64) cost.params);
  esp_json_double (json, "bflops", cost.bflops);
  esp_json_int (json, "file_bytes", (gint64) cost.file_bytes);
  json_builder_end_object (json);
}

/** esp_json_string: adds @name: @value, or null where @value is NULL; what is not UTF-8 in a path becomes U+FFFD. */
void
esp_json_string (JsonBuilder *json, const char *name, const char *value)
{
  g_autofree char *valid = value != NULL ? g_utf8_make_valid (value, -1) : NULL;

  json_builder_set_member_name (json, name);
  if (valid != NULL)
    json_builder_add_string_value (json, valid);
  else
    json_builder_add_null_value (json);
}

static void
print_json (JsonBuilder *json)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  g_autofree char *text = NULL;

  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  g_print ("%s\n", text);
}

static int
report (const EspVerb *verb, const GError *error)
{
  g_printerr ("espalier-cli %s: %s\n", verb->name, error->message);
  if (error->domain != G_OPTION_ERROR)
    return EXIT_FAILURE;
  g_printerr ("Try “espalier-cli %s --help”.\n", verb->name);
  return 2;
}

static gboolean
parse (const EspVerb *verb, int *argc, char ***argv, EspCommon *common, gboolean *version, GError **error)
{
  g_autofree char *title = g_strdup_printf ("%s %s", verb->name, verb->arguments);
  g_autoptr (GOptionContext) context = g_option_context_new (title);
  const GOptionEntry shared[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &common->json, "Print one JSON object", NULL },
    { "threads", 0, 0, G_OPTION_ARG_INT, &common->threads, "Compute threads (default: all cores)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &common->seed, "Seed of everything drawn by lot (default 1)", "N" },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &common->quiet, "No progress", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, version, "Print the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autofree char *more = verb->more != NULL ? verb->more () : NULL;

  g_option_context_set_summary (context, verb->summary);
  g_option_context_set_description (context, more);
  if (verb->options != NULL)
    g_option_context_add_main_entries (context, verb->options, NULL);
  g_option_context_add_main_entries (context, shared, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (common->threads < 0 || common->threads > MOST_THREADS)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--threads %d: expected 1 to %d, or 0 for all cores", common->threads,
                   MOST_THREADS);
      return FALSE;
    }
  if (*version || (*argc - 1 >= verb->least && (verb->most < 0 || *argc - 1 <= verb->most)))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected %s, found %d arguments", verb->arguments, *argc - 1);
  return FALSE;
}

/**
 * esp_verb_main:
 * @verb: the row of the verb
 * @argc: arguments, the verb's name first
 * @argv: likewise
 *
 * Returns: the exit status: 0 done, 1 failed with a message, 2 wrong usage.
 */
int
esp_verb_main (const EspVerb *verb, int argc, char **argv)
{
  EspCommon common = { .seed = 1 };
  gboolean version = FALSE, done;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonBuilder) json = json_builder_new ();

  if (!parse (verb, &argc, &argv, &common, &version, &error))
    {
      error->domain = G_OPTION_ERROR;
      return report (verb, error);
    }
  if (version)
    {
      g_print ("espalier-cli %s\n", ESP_VERSION);
      return EXIT_SUCCESS;
    }
  json_builder_begin_object (json);
  done = verb->run (argc - 1, argv + 1, &common, json, &error);
  json_builder_end_object (json);
  g_clear_pointer (&common.lane, esp_lane_free);
  if (!done)
    return report (verb, error);
  if (common.json)
    print_json (json);
  return EXIT_SUCCESS;
}
