/* fuzz-tree.c: files of classes in a tree, and what a walk down them ends at */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include "net/tree.h"

static void
check (const EspTree *tree)
{
  g_autofree float *values = g_new (float, tree->n);
  int next = 0;

  for (int g = 0; g < tree->n_groups; g++)
    {
      g_assert_cmpint (tree->firsts[g], ==, next);
      g_assert_cmpint (tree->sizes[g], >, 0);
      for (int i = next; i < next + tree->sizes[g]; i++)
        {
          g_assert_cmpint (tree->parents[i], <, next);
          g_assert_cmpint (tree->parents[i], ==, tree->parents[next]);
          values[i] = 1 / (float) tree->sizes[g];
        }
      if (g > 0)
        g_assert_cmpint (tree->children[tree->parents[next]], ==, g);
      next += tree->sizes[g];
    }
  g_assert_cmpint (next, ==, tree->n);
  for (float threshold = -1; threshold < 1; threshold += .5f)
    {
      const int picked = esp_tree_pick (tree, values, 1, threshold);

      g_assert_true (picked >= 0 && picked < tree->n);
      g_assert_true (esp_tree_chance (tree, values, 1, picked) <= 1);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  GError *error = NULL;
  g_autoptr (EspTree) tree = esp_tree_parse ((const char *) data, n, "fuzz.tree", &error);

  if (tree != NULL)
    check (tree);
  fuzz_tell (tree != NULL, error);
  return 0;
}
