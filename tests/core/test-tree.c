/* test-tree.c: files of classes in a tree: read, refused, found from where the cfg is, and walked down */
#include "config.h"

#include "net/cut.h"
#include "net/engine.h"

#include "base/error.h"
#include "net-common.h"
#include "tree-common.h"

#define NET    "[net]\nwidth=8\nheight=8\nchannels=3\n"
#define SECOND "[convolutional]\nfilters=6\nsize=3\nstride=4\npad=1\nactivation=leaky\n"
#define LAST   "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n[avgpool]\n"
#define REGION "[convolutional]\nfilters=12\nsize=1\nactivation=linear\n[region]\nclasses=7\nnum=1\nanchors=1,1\ntree=t.tree\nmap=t.map\n"

static EspTree *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  EspTree *tree = esp_tree_parse (text, strlen (text), "t.tree", &error);

  g_assert_no_error (error);
  return tree;
}

static void
test_parse (void)
{
  static const char *const texts[] = { TREE_TEXT, "a -1\r\nb -1\r\nc\t0\r\nd  0 \r\ne 0\r\nf 1\r\ng 4" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (EspTree) tree = parse (texts[i]);
      const int parents[] = { -1, -1, 0, 0, 0, 1, 4 }, children[] = { 1, 2, -1, -1, 3, -1, -1 };
      const int sizes[] = { 2, 3, 1, 1 }, firsts[] = { 0, 2, 5, 6 };

      g_assert_cmpint (tree->n, ==, TREE_CLASSES);
      g_assert_cmpint (tree->n_groups, ==, 4);
      g_assert_cmpmem (tree->parents, sizeof parents, parents, sizeof parents);
      g_assert_cmpmem (tree->children, sizeof children, children, sizeof children);
      g_assert_cmpmem (tree->sizes, sizeof sizes, sizes, sizeof sizes);
      g_assert_cmpmem (tree->firsts, sizeof firsts, firsts, sizeof firsts);
    }
}

static void
assert_refused_tree (const char *text, gsize n, EspError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_tree_parse (text, n, "t.tree", &error));
  g_assert_error (error, ESP_ERROR, (int) code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_refused (void)
{
  static const char *const cases[][2] = {
    { "", "t.tree:1: no class: expected a name" },
    { "a 0\n", "t.tree:1: “a 0”: expected -1: no class is above the first" },
    { "a -1\nb 1\n", "t.tree:2: “b 1”: expected -1 or the 0-based line of a parent above, at most 0" },
    { "a -1\nb 7\n", "t.tree:2: “b 7”: expected -1 or" },
    { "a -1\nb -2\n", "t.tree:2: “b -2”: expected -1 or" },
    { "a -1\nb 99999999999999999999\n", "t.tree:2: “b 99999999999999999999”: expected -1 or" },
    { "a -1\nb\n", "t.tree:2: “b”: expected a name and the number of its parent" },
    { "a -1\n\nb 0\n", "t.tree:2: “”: expected a name and" },
    { "a -1\nb 0 0\n", "t.tree:2: “b 0 0”: expected a name and" },
    { "a -1\nb 0.5\n", "t.tree:2: “b 0.5”: expected a name and" },
    { "a -1\n0\n", "t.tree:2: “0”: expected a name and" },
    { "a -1\nb 0\nc -1\n", "t.tree:3: others of parent -1 begin in line 1: expected all in a row" },
    { "a -1\nb -1\nc 0\nd 1\ne 0\n", "t.tree:5: others of parent 0 begin in line 3: expected all in a row" },
  };
  g_autoptr (GString) many = g_string_new ("a -1\n");
  g_autofree char *name = g_strnfill (256, 'x'), *longest = g_strconcat (name + 1, " -1\n", NULL),
                  *longer = g_strconcat (name, " -1\n", NULL);
  g_autoptr (EspTree) tree = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused_tree (cases[i][0], strlen (cases[i][0]), ESP_ERROR_FORMAT, cases[i][1]);
  assert_refused_tree ("a -1\nb 0\0x\n", 11, ESP_ERROR_FORMAT, "t.tree:2: “b 0”: expected a name and");
  assert_refused_tree (longer, strlen (longer), ESP_ERROR_LIMIT, "names of at most 255 bytes");
  esp_tree_free (parse (longest));
  for (guint i = 1; i < 65536; i++)
    g_string_append (many, "b 0\n");
  tree = parse (many->str);
  g_assert_cmpint (tree->n, ==, 65536);
  g_string_append (many, "b 0\n");
  assert_refused_tree (many->str, many->len, ESP_ERROR_LIMIT, "t.tree:65537: 65537 lines, at most 65536 are accepted");
}

/* Probabilities among siblings: 0.6 and 0.4; of class 0 .2 .1 .7; the others are alone. */
static void
test_pick (void)
{
  g_autoptr (EspTree) tree = parse (TREE_TEXT);
  const float sure[] = { .9f, .1f, .05f, .05f, .9f, 1, 1 }, even[] = { .5f, .5f, .2f, .1f, .7f, 1, 1 };
  const float wide[] = { .8f, .2f, .25f, .3f, .45f, 1, 1 }, other[] = { .2f, .8f, 1, 0, 0, 1, 1 }, none[TREE_CLASSES] = { 0 };
  float apart[3 * TREE_CLASSES] = { 0 };

  for (guint i = 0; i < TREE_CLASSES; i++)
    apart[3 * i] = sure[i];
  g_assert_cmpfloat_with_epsilon (esp_tree_chance (tree, sure, 1, 6), .81f, 1e-6f);
  g_assert_cmpfloat_with_epsilon (esp_tree_chance (tree, apart, 3, 3), .045f, 1e-6f);
  g_assert_cmpfloat (esp_tree_chance (tree, sure, 1, 1), ==, .1f);
  g_assert_cmpint (esp_tree_pick (tree, sure, 1, .5f), ==, 6); /* .9, .9 · .81, .729 · .81 = .59 are above */
  g_assert_cmpint (esp_tree_pick (tree, apart, 3, .5f), ==, 6);
  g_assert_cmpint (esp_tree_pick (tree, sure, 1, .6f), ==, 4);  /* .59 no longer is */
  g_assert_cmpint (esp_tree_pick (tree, sure, 1, .8f), ==, 0);  /* nor .729 */
  g_assert_cmpint (esp_tree_pick (tree, sure, 1, .95f), ==, 0); /* of the first group the largest, whatever it is */
  g_assert_cmpint (esp_tree_pick (tree, even, 1, .5f), ==, 0);  /* not above, and the first of equals */
  g_assert_cmpint (esp_tree_pick (tree, wide, 1, .5f), ==, 0);  /* .8 · .36 is not above */
  g_assert_cmpint (esp_tree_pick (tree, other, 1, .5f), ==, 5); /* .8, .8 · .8 */
  g_assert_cmpint (esp_tree_pick (tree, none, 1, .5f), ==, 0);
}

static char *
refusal_of (const char *path, EspError code)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_load (path, &error);

  g_assert_null (network);
  g_assert_error (error, ESP_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_test_message ("%s", error->message);
  return g_strdup (error->message);
}

static void
assert_says (const char *path, EspError code, const char *words)
{
  g_autofree char *said = refusal_of (path, code);

  if (strstr (said, words) == NULL)
    g_error ("“%s” does not say “%s”", said, words);
}

/* The folder of the file that the network's softmax came from. */
static void
assert_found (const char *cfg, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *wanted = g_canonicalize_filename (path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_load (cfg, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_network_get_layer (network, 3)->softmax.tree->path, ==, wanted);
}

/* As given from the cfg's folder, beside the cfg, and from the folder above; the first that is there. */
static void
test_find (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *cfg = g_build_filename (folder, "cfg", "t.cfg", NULL);
  static const char *const places[] = { "data/t.tree", "cfg/t.tree", "cfg/data/t.tree" };
  char *tried[3];
  g_autofree char *list = NULL, *text = NULL, *below = g_build_filename (folder, "cfg", "data", NULL);

  write_into (folder, "cfg/t.cfg", NET SECOND LAST "[softmax]\ntree = data/t.tree\n");
  for (guint i = 0; i < 3; i++)
    tried[i] = g_build_filename (folder, places[i], NULL);
  list = g_strdup_printf ("t.cfg:17: tree=data/t.tree: no such file: tried %s, %s, %s", tried[2], tried[1], tried[0]);
  assert_says (cfg, ESP_ERROR_IO, list);
  for (guint i = 0; i < 3; i++)
    {
      write_into (folder, places[i], TREE_TEXT);
      assert_found (cfg, folder, places[i]);
    }
  write_into (folder, "cfg/data/t.tree", "a -1\nb 1\n");
  assert_says (cfg, ESP_ERROR_FORMAT, "t.tree:2: “b 1”: expected -1 or");
  write_into (folder, "cfg/data/t.tree", "a -1\nb 0\n");
  assert_says (cfg, ESP_ERROR_SHAPE, "t.cfg:17: tree=data/t.tree: 2 classes: expected 7, as many as there are numbers");
  text = g_strdup_printf (NET SECOND LAST "[softmax]\ngroups=1\ntree=%s\n", tried[0]);
  write_into (folder, "cfg/t.cfg", text);
  assert_found (cfg, folder, "data/t.tree");
  remove_from (folder, "data/t.tree");
  assert_found (cfg, folder, "cfg/t.tree");
  write_into (folder, "cfg/t.cfg", NET SECOND LAST "[softmax]\ntree=data\n");
  assert_says (cfg, ESP_ERROR_IO, "not a regular file");
  for (guint i = 1; i < 3; i++)
    remove_from (folder, places[i]);
  for (guint i = 0; i < 3; i++)
    g_free (tried[i]);
  g_rmdir (below);
  remove_from (folder, "cfg/t.cfg");
  remove_from (folder, "cfg");
  remove_from (folder, "data");
  g_rmdir (folder);
}

/* Whoever has only a text cannot make its reader open a file. */
static void
test_memory (void)
{
  assert_refused (NET SECOND LAST "[softmax]\ntree=/dev/zero\n", ESP_ERROR_IO,
                  "t.cfg:17: tree=/dev/zero: only a cfg that is a file itself can name another");
  assert_refused (NET SECOND REGION, ESP_ERROR_IO, "tree=t.tree: only a cfg that is a file itself");
}

static void
test_options (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_beside_tree (NET SECOND LAST "[softmax]\ntree=t.tree\ngroups=7\n", &error);

  g_assert_null (network);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "t.cfg:18: groups=7: expected 1 beside tree="));
}

/* What a cut writes names the same tree, and is read where that is; where it no longer is, the cut says so. */
static void
test_cut (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "t.cfg", NULL), *text = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspCut) cut = NULL, without = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bits[] = { 1, 0, 1, 1, 0, 1 };
  const EspLayer *head;

  write_into (folder, "t.cfg", NET SECOND REGION);
  write_into (folder, "t.tree", TREE_TEXT);
  network = esp_network_load (path, &error);
  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 1);
  mask = esp_mask_new (network, (guint8 *[3]){ bits, NULL, NULL });
  cut = esp_cut_new (network, weights, mask, NULL, &error);
  g_assert_no_error (error);
  head = esp_network_get_layer (esp_cut_get_network (cut), 2);
  g_assert_cmpint (esp_network_get_layer (esp_cut_get_network (cut), 0)->out.c, ==, 4);
  g_assert_cmpint (head->head.tree->n_groups, ==, 4);
  text = esp_cfg_to_text (esp_network_get_cfg (esp_cut_get_network (cut)), NULL);
  g_assert_nonnull (strstr (text, "tree=t.tree\nmap=t.map\n"));
  remove_from (folder, "t.tree");
  without = esp_cut_new (network, weights, mask, NULL, &error);
  g_assert_null (without);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "tree=t.tree: no such file"));
  remove_from (folder, "t.cfg");
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/tree/parse", test_parse);
  g_test_add_func ("/net/tree/refused", test_refused);
  g_test_add_func ("/net/tree/pick", test_pick);
  g_test_add_func ("/net/tree/find", test_find);
  g_test_add_func ("/net/tree/memory", test_memory);
  g_test_add_func ("/net/tree/options", test_options);
  g_test_add_func ("/net/tree/cut", test_cut);
  return g_test_run ();
}
