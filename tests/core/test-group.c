/* test-group.c: groups proposed from scale and module */
#include "config.h"

#include "score/group.h"

#include "prune-common.h"

/* "40×40 backbone [3 5] 48; …" */
static char *
groups_text (EspNetwork *network)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (GPtrArray) groups = esp_groups_propose (network, coupling);
  GString *text = g_string_new (NULL);

  for (guint g = 0; g < groups->len; g++)
    {
      const EspGroup *group = g_ptr_array_index (groups, g);

      g_string_append_printf (text, "%s%s [", g > 0 ? "; " : "", group->name);
      for (guint i = 0; i < group->n_layers; i++)
        g_string_append_printf (text, i > 0 ? " %u" : "%u", group->layers[i]);
      g_string_append_printf (text, "] %u", group->n_channels);
    }
  return g_string_free (text, FALSE);
}

static void
test_tiny (void)
{
  g_autoptr (EspNetwork) network = tiny_network (416, 1);
  g_autofree char *text = groups_text (network);

  g_assert_cmpstr (text, ==,
                   "416×416 backbone [0] 16; 208×208 backbone [2] 32; 104×104 backbone [4] 64; 52×52 backbone [6] 128; "
                   "26×26 backbone [8] 256; 13×13 backbone [10 12] 1536; 13×13 neck [13] 256; 13×13 head [14] 512; 26×26 head [18 21] 384");
}

static void
test_fastest (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autofree char *text = groups_text (network);

  g_assert_cmpstr (text, ==,
                   "24×32 backbone [0 1 2 3 4 5 6] 120; 12×16 backbone [9 10 11 12 13 14 24 25 32] 248; 6×8 backbone [17 18 19] 104; 6×8 "
                   "head [26] 24; 12×16 head [33] 32");
}

/* Every prunable layer in exactly one group, coupled ones in the same, names unique, 4 to 9 of them. */
static void
assert_sound (EspNetwork *network)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (GPtrArray) groups = esp_groups_propose (network, coupling);
  const guint n = esp_network_get_n_layers (network);
  g_autofree int *group_of = g_new (int, n);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint l = 0; l < n; l++)
    group_of[l] = -1;
  for (guint g = 0; g < groups->len; g++)
    {
      const EspGroup *group = g_ptr_array_index (groups, g);

      g_assert_true (g_hash_table_add (names, group->name));
      g_test_message ("%s: %u layers, %u channels", group->name, group->n_layers, group->n_channels);
      for (guint i = 0; i < group->n_layers; i++)
        {
          g_assert_cmpint (group_of[group->layers[i]], ==, -1);
          group_of[group->layers[i]] = (int) g;
        }
    }
  for (guint l = 0; l < n; l++)
    g_assert_cmpint (group_of[l] >= 0, ==, esp_coupling_is_prunable (coupling, l));
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n_members = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, u, &n_members);

      for (guint i = 1; i < n_members; i++)
        g_assert_cmpint (group_of[members[i].layer], ==, group_of[members[0].layer]);
    }
  g_assert_cmpuint (groups->len, >=, 4);
  g_assert_cmpuint (groups->len, <=, 9);
}

static void
test_sound (void)
{
  g_autoptr (EspNetwork) tiny = tiny_network (416, 1);
  g_autoptr (EspNetwork) fastest = fastest_network ();

  assert_sound (tiny);
  assert_sound (fastest);
}

static void
test_real (gconstpointer name)
{
  g_autofree char *path = shared_file (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *text = NULL;

  if (path == NULL)
    return;
  network = esp_network_load (path, &error);
  g_assert_no_error (error);
  assert_sound (network);
  text = groups_text (network);
  g_test_message ("%s", text);
}

/* Two heads of one scale: their groups' names differ. */
static void
test_names (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) cfg = g_string_new ("[net]\nwidth=8\nheight=8\nchannels=3\n");
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *text = NULL;

  append_conv (cfg, 9, 1, 1, "linear", "");
  append_conv (cfg, 10, 3, 1, "linear", "");
  append_conv (cfg, 21, 1, 1, "linear", "");
  append_yolo (cfg, "0,1,2", 2);
  g_string_append (cfg, "[route]\nlayers=0\n");
  append_conv (cfg, 11, 3, 1, "linear", "");
  append_conv (cfg, 21, 1, 1, "linear", "");
  append_yolo (cfg, "3,4,5", 2);
  network = network_of (cfg->str, &error);
  g_assert_no_error (error);
  text = groups_text (network);
  g_assert_cmpstr (text, ==, "8×8 backbone [0] 9; 8×8 head [1] 10; 8×8 head 2 [5] 11");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/group/tiny", test_tiny);
  g_test_add_func ("/group/fastest", test_fastest);
  g_test_add_func ("/group/sound", test_sound);
  g_test_add_data_func ("/group/yolo-fastest", "models/yolo-fastest-1.1/yolo-fastest-1.1.cfg", test_real);
  g_test_add_data_func ("/group/yolo-fastest-xl", "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", test_real);
  g_test_add_func ("/group/names", test_names);
  return g_test_run ();
}
