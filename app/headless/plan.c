/* plan.c: espalier-cli plan: two plans compared, a plan's branches, and its cut list for other trainers */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "base/hash.h"
#include "plan-diff.h"
#include "prune/cut-list.h"
#include "prune/plan-branch.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static char *weights_path, *data, *protocol_id, *split, *names_path, *images_path, *output, *branch_name;
static char **class_pairs;
static int limit;

static const GOptionEntry options[] = {
  { "weights", 'w', 0, G_OPTION_ARG_FILENAME, &weights_path, "diff: the weights, for --data", "FILE" },
  { "data", 0, 0, G_OPTION_ARG_FILENAME, &data, "diff: labelled images; tells mAP of both and the paired interval of their difference",
    "DATA" },
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_id,
    "diff: darknet (area), darknet-11, darknet-101, voc-2007, voc-2010 or coco (default darknet)", "P" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "diff: only N images, drawn by the seed", "N" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "diff: train, val or test where the data set has them", "NAME" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "diff: class names of the network, one a line", "FILE" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &class_pairs, "diff: take class A of the data set for class B of the network; may be repeated",
    "A=B" },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &images_path, "diff: folder of the images where the labels lie elsewhere", "DIR" },
  { "branch", 0, 0, G_OPTION_ARG_STRING, &branch_name, "take: the branch to have in hand", "NAME" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "cuts, take: the file to write", "FILE" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* Words, and how many files each takes behind the cfg. */
typedef enum
{
  WORD_DIFF,
  WORD_CUTS,
  WORD_BRANCHES,
  WORD_TAKE,
  N_WORDS
} Word;

static const struct
{
  const char *name;
  int n_plans;
} words[N_WORDS] = {
  [WORD_DIFF] = { "diff", 2 },
  [WORD_CUTS] = { "cuts", 1 },
  [WORD_BRANCHES] = { "branches", 1 },
  [WORD_TAKE] = { "take", 1 },
};

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);
  return FALSE;
}

static gboolean
check_usage (int argc, char **argv, Word *word, GError **error)
{
  for (*word = 0; *word < N_WORDS && !g_str_equal (words[*word].name, argv[0]);)
    ++*word;
  if (*word == N_WORDS || argc != 2 + words[*word].n_plans)
    return refuse (error,
                   "expected diff NET.cfg A.json B.json, cuts NET.cfg PLAN.json, branches NET.cfg PLAN.json or take NET.cfg PLAN.json");
  if (((*word == WORD_CUTS || *word == WORD_TAKE) && output == NULL) || (*word == WORD_TAKE && branch_name == NULL))
    return refuse (error, *word == WORD_CUTS ? "cuts: expected --output FILE" : "take: expected --branch NAME and --output FILE");
  if (*word == WORD_DIFF && (weights_path == NULL) != (data == NULL))
    return refuse (error, "diff: expected --weights and --data together, or neither");
  if (limit < 0)
    return refuse (error, "--limit: expected a number of images");
  return TRUE;
}

/* A plan of the network with all that the file says; of any weights. */
static EspPlan *
load_plan (EspNetwork *network, const char *cfg_hash, const char *path, GError **error)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, NULL);

  esp_plan_set_hashes (plan, cfg_hash, NULL);
  return esp_plan_load (plan, path, error) ? g_steal_pointer (&plan) : NULL;
}

static gboolean
diff (EspLoaded *loaded, const char *cfg_hash, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autofree char *weights_hash = weights_path != NULL ? esp_hash_file (weights_path, error) : NULL;
  g_autoptr (EspMask) a = NULL, b = NULL;
  const EspDiffData what = {
    .loaded = loaded,
    .data = data,
    .options = { .split = split, .names = names_path, .images = images_path },
    .pairs = (const char *const *) class_pairs,
    .protocol = esp_protocol_find (protocol_id != NULL ? protocol_id : "darknet"),
    .limit = (guint) limit,
  };

  if (what.protocol == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--protocol %s: expected darknet, darknet-11, darknet-101, voc-2007, voc-2010 or coco", protocol_id);
      return FALSE;
    }
  if ((weights_path != NULL && weights_hash == NULL)
      || (a = esp_plan_read_mask (loaded->network, argv[0], cfg_hash, weights_hash, error)) == NULL
      || (b = esp_plan_read_mask (loaded->network, argv[1], cfg_hash, weights_hash, error)) == NULL)
    return FALSE;
  return esp_plan_diff_tell (argv[0], argv[1], a, b, &what, common, json, error);
}

/* The weights that a file is for. */
static gboolean
read_weights_hash (const char *path, char **hash, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_file (parser, path, error))
    return FALSE;
  *hash = g_strdup (json_object_get_string_member_with_default (json_node_get_object (json_parser_get_root (parser)), "weights", NULL));
  return TRUE;
}

static gboolean
cuts (EspNetwork *network, const char *cfg_hash, const char *path, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspMask) mask = esp_plan_read_mask (network, path, cfg_hash, NULL, error);
  g_autofree char *weights_hash = NULL;

  if (mask == NULL || !read_weights_hash (path, &weights_hash, error)
      || !esp_cut_list_write (network, mask, cfg_hash, weights_hash, output, error))
    return FALSE;
  esp_json_string (json, "output", output);
  if (!common->json)
    g_print ("%s: what each layer keeps\n", output);
  return TRUE;
}

static void
tell_branch (EspPlan *plan, guint branch, const EspCommon *common, JsonBuilder *json)
{
  g_autoptr (EspMask) mask = esp_plan_get_branch_mask (plan, branch);
  const EspCost cost = esp_cost_of (esp_plan_get_network (plan), mask);
  const gboolean current = branch == esp_plan_get_branch (plan);

  json_builder_begin_object (json);
  esp_json_string (json, "name", esp_plan_get_branch_name (plan, branch));
  json_builder_set_member_name (json, "in_hand");
  json_builder_add_boolean_value (json, current);
  esp_json_int (json, "params", (gint64) cost.params);
  esp_json_double (json, "bflops", cost.bflops);
  esp_json_int (json, "file_bytes", (gint64) cost.file_bytes);
  json_builder_end_object (json);
  if (!common->json)
    g_print ("%s %-20s %10" G_GUINT64_FORMAT " parameters, %8.3f BFLOPs\n", current ? "*" : " ", esp_plan_get_branch_name (plan, branch),
             cost.params, cost.bflops);
}

static gboolean
branches (EspNetwork *network, const char *cfg_hash, const char *path, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspPlan) plan = load_plan (network, cfg_hash, path, error);

  if (plan == NULL)
    return FALSE;
  json_builder_set_member_name (json, "branches");
  json_builder_begin_array (json);
  for (guint b = 0; b < esp_plan_get_n_branches (plan); b++)
    tell_branch (plan, b, common, json);
  json_builder_end_array (json);
  return TRUE;
}

static gboolean
take (EspNetwork *network, const char *cfg_hash, const char *path, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspPlan) plan = load_plan (network, cfg_hash, path, error);
  g_autofree char *weights_hash = NULL;
  int branch;

  if (plan == NULL || !read_weights_hash (path, &weights_hash, error))
    return FALSE;
  branch = esp_plan_find_branch (plan, branch_name);
  if (branch < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no branch “%s”; “plan branches” lists them", path, branch_name);
      return FALSE;
    }
  esp_plan_switch_branch (plan, (guint) branch);
  if (!esp_plan_save (plan, cfg_hash, weights_hash, output, error))
    return FALSE;
  esp_json_string (json, "output", output);
  if (!common->json)
    g_print ("%s: “%s” in hand\n", output, branch_name);
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { 0 };
  g_autofree char *cfg_hash = NULL;
  Word word;

  if (!check_usage (argc, argv, &word, error) || !esp_loaded_open (&loaded, argv[1], weights_path, &network_options, error)
      || (cfg_hash = esp_hash_file (argv[1], error)) == NULL)
    return FALSE;
  switch (word)
    {
    case WORD_DIFF:
      return diff (&loaded, cfg_hash, argv + 2, common, json, error);
    case WORD_CUTS:
      return cuts (loaded.network, cfg_hash, argv[2], common, json, error);
    case WORD_BRANCHES:
      return branches (loaded.network, cfg_hash, argv[2], common, json, error);
    case WORD_TAKE:
      return take (loaded.network, cfg_hash, argv[2], common, json, error);
    case N_WORDS:
    default:
      g_return_val_if_reached (FALSE);
    }
}

const EspVerb esp_verb_plan = {
  .name = "plan",
  .arguments = "diff NET.cfg A.json B.json | cuts NET.cfg PLAN.json | branches NET.cfg PLAN.json | take NET.cfg PLAN.json",
  .summary = "Compare two plans, list what one keeps for other trainers, list its branches or take one of them",
  .options = options,
  .least = 3,
  .most = 4,
  .run = run,
};
