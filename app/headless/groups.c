/* groups.c: espalier-cli groups: the named sets of layers that share a ratio */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "network-options.h"

#include "score/group.h"
#include "verbs.h"

static char *dialect;

static const GOptionEntry options[] = {
  ESP_DIALECT_OPTION (dialect),
  G_OPTION_ENTRY_NULL,
};

static void
add_group (JsonBuilder *json, const EspGroup *group)
{
  json_builder_begin_object (json);
  esp_json_string (json, "name", group->name);
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < group->n_layers; i++)
    json_builder_add_int_value (json, group->layers[i]);
  json_builder_end_array (json);
  esp_json_int (json, "channels", group->n_channels);
  json_builder_end_object (json);
}

static void
print_group (const EspGroup *group)
{
  g_print ("%-20s %6u channels, layers", group->name, group->n_channels);
  for (guint i = 0; i < group->n_layers; i++)
    g_print (" %u", group->layers[i]);
  g_print ("\n");
}

/* The convolutions that no group has, and why. */
static void
tell_fixed (EspNetwork *network, const EspCoupling *coupling, gboolean people, JsonBuilder *json)
{
  json_builder_set_member_name (json, "fixed");
  json_builder_begin_array (json);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const char *why = esp_coupling_why_fixed (coupling, l);

      if (why == NULL)
        continue;
      json_builder_begin_object (json);
      esp_json_int (json, "layer", l);
      esp_json_string (json, "reason", why);
      json_builder_end_object (json);
      if (people)
        g_print ("layer %u stays: %s\n", l, why);
    }
  json_builder_end_array (json);
}

/* The sets of channels that only go together, as [layer, channel]. */
static void
tell_coupled (const EspCoupling *coupling, JsonBuilder *json)
{
  json_builder_set_member_name (json, "coupled");
  json_builder_begin_array (json);
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, u, &n);

      if (n < 2)
        continue;
      json_builder_begin_array (json);
      for (guint i = 0; i < n; i++)
        {
          json_builder_begin_array (json);
          json_builder_add_int_value (json, members[i].layer);
          json_builder_add_int_value (json, members[i].channel);
          json_builder_end_array (json);
        }
      json_builder_end_array (json);
    }
  json_builder_end_array (json);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspNetwork) network = esp_options_load_network (argv[0], dialect, error);
  g_autoptr (EspCoupling) coupling = NULL;
  g_autoptr (GPtrArray) groups = NULL;

  if (network == NULL)
    return FALSE;
  coupling = esp_coupling_new (network);
  groups = esp_groups_propose (network, coupling);
  json_builder_set_member_name (json, "groups");
  json_builder_begin_array (json);
  for (guint i = 0; i < groups->len; i++)
    {
      add_group (json, g_ptr_array_index (groups, i));
      if (!common->json)
        print_group (g_ptr_array_index (groups, i));
    }
  json_builder_end_array (json);
  tell_fixed (network, coupling, !common->json, json);
  tell_coupled (coupling, json);
  return TRUE;
}

const EspVerb esp_verb_groups = {
  .name = "groups",
  .arguments = "NET.cfg",
  .summary = "List the groups of layers that share a pruning ratio",
  .options = options,
  .least = 1,
  .most = 1,
  .run = run,
};
