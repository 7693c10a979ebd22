/* main.c: espalier-cli VERB …: finds the verb's row and runs it */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "spin.h"
#include "verbs.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* One a line. */
/* clang-format off */
static const EspVerb *const verbs[] = {
  &esp_verb_info,
  &esp_verb_bench,
  &esp_verb_sample,
  &esp_verb_augment,
  &esp_verb_detect,
  &esp_verb_evaluate,
  &esp_verb_dump,
  &esp_verb_gradient,
  &esp_verb_attribute,
  &esp_verb_faithfulness,
  &esp_verb_figure,
  &esp_verb_ablate,
  &esp_verb_lens,
  &esp_verb_drift,
  &esp_verb_score,
  &esp_verb_sensitivity,
  &esp_verb_curve,
  &esp_verb_groups,
  &esp_verb_prune,
  &esp_verb_budget,
  &esp_verb_plan,
  &esp_verb_blocks,
  &esp_verb_latency,
  &esp_verb_verify,
  &esp_verb_onnx,
  &esp_verb_dataset,
  &esp_verb_anchors,
  &esp_verb_train,
  &esp_verb_recipe,
  &esp_verb_why,
  NULL,
};
/* clang-format on */

static void
print_help (void)
{
  g_print ("Usage: espalier-cli VERB [OPTION…] …\n\nVerbs:\n");
  for (guint i = 0; verbs[i] != NULL; i++)
    g_print ("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
  g_print ("\n“espalier-cli VERB --help” tells the options of one.\n");
}

int
main (int argc, char **argv)
{
  esp_spin_briefly (argv);
  signal (SIGXFSZ, SIG_IGN); /* a file too large is an error of its writer, said in words */
  setlocale (LC_ALL, "");
  if (argc < 2)
    {
      print_help ();
      return 2;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      print_help ();
      return EXIT_SUCCESS;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      g_print ("espalier-cli %s\n", ESP_VERSION);
      return EXIT_SUCCESS;
    }
  for (guint i = 0; verbs[i] != NULL; i++)
    if (g_str_equal (verbs[i]->name, argv[1]))
      return esp_verb_main (verbs[i], argc - 1, argv + 1);
  g_printerr ("espalier-cli: no verb “%s”; “espalier-cli --help” lists them\n", argv[1]);
  return 2;
}
