/* tree.c: a hierarchy of classes: its file, and the class that a walk down it ends at */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/tree.h"

#include <string.h>

#include "base/file.h"
#include "net/cfg-private.h"
#include "net/layer-private.h"

#define MOST_BYTES (32u << 20)
#define MOST_NAME  255 /* darknet's own room */

static gboolean refuse_line (const EspTree *tree, int line, EspError code, GError **error, const char *format, ...) G_GNUC_PRINTF (5, 6);

static gboolean
refuse_line (const EspTree *tree, int line, EspError code, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, ESP_ERROR, (int) code, "%s:%d: %s", tree->path, line, text);
  return FALSE;
}

/* “name parent”: the name is any word and is not kept, since names of classes come from a file of names. */
static gboolean
read_line (const EspTree *tree, const char *text, gsize n, int *parent, GError **error)
{
  const int line = tree->n + 1;
  g_autofree char *stripped = g_strstrip (g_strndup (text, n)), *found = esp_cfg_quote (stripped);
  const char *number = stripped + strcspn (stripped, " \t");
  char *end = NULL;
  gint64 value;

  number += strspn (number, " \t");
  value = g_ascii_strtoll (number, &end, 10);
  if (end == number || *end != '\0' || memchr (text, '\0', n) != NULL)
    return refuse_line (tree, line, ESP_ERROR_FORMAT, error, "“%s”: expected a name and the number of its parent", found);
  if (strcspn (stripped, " \t") > MOST_NAME)
    return refuse_line (tree, line, ESP_ERROR_LIMIT, error, "“%s”: names of at most %d bytes are accepted", found, MOST_NAME);
  if (tree->n == 0 && value != -1)
    return refuse_line (tree, line, ESP_ERROR_FORMAT, error, "“%s”: expected -1: no class is above the first", found);
  if (value < -1 || value >= tree->n)
    return refuse_line (tree, line, ESP_ERROR_FORMAT, error, "“%s”: expected -1 or the 0-based line of a parent above, at most %d", found,
                        tree->n - 1);
  *parent = (int) value;
  return TRUE;
}

/* The class of the next line opens a group or joins that of the line before. */
static gboolean
append_class (EspTree *tree, GArray *sizes, GArray *firsts, int parent, GError **error)
{
  const int one = 1, class_index = tree->n;

  tree->parents[tree->n] = parent;
  tree->children[tree->n++] = -1;
  if (class_index > 0 && parent == tree->parents[class_index - 1])
    {
      g_array_index (sizes, int, sizes->len - 1)++;
      return TRUE;
    }
  if (class_index > 0 && (parent < 0 || tree->children[parent] >= 0))
    return refuse_line (tree, class_index + 1, ESP_ERROR_FORMAT, error, "others of parent %d begin in line %d: expected all in a row",
                        parent, 1 + (parent < 0 ? 0 : g_array_index (firsts, int, tree->children[parent])));
  if (parent >= 0)
    tree->children[parent] = (int) sizes->len;
  g_array_append_val (sizes, one);
  g_array_append_val (firsts, class_index);
  return TRUE;
}

/* As many as there can be are allocated before a line is read. */
static gboolean
count_lines (EspTree *tree, const char *text, gsize n, GError **error)
{
  gsize lines = n > 0 && text[n - 1] != '\n' ? 1 : 0;

  for (gsize i = 0; i < n; i++)
    lines += text[i] == '\n';
  if (lines == 0)
    return refuse_line (tree, 1, ESP_ERROR_FORMAT, error, "no class: expected a name and the number of its parent, -1, a line");
  if (lines > ESP_MOST_SIDE)
    return refuse_line (tree, ESP_MOST_SIDE + 1, ESP_ERROR_LIMIT, error, "%" G_GSIZE_FORMAT " lines, at most %d are accepted", lines,
                        ESP_MOST_SIDE);
  tree->parents = g_new (int, lines);
  tree->children = g_new (int, lines);
  return TRUE;
}

/**
 * esp_tree_parse:
 * @text: the bytes of a file of classes, of any line end
 * @n: how many; at most 65536 lines
 * @path: what messages call it
 * @error: ESP_ERROR_FORMAT with path:line, or ESP_ERROR_LIMIT
 *
 * A line is "name parent", parent the 0-based line of a class above it or -1; lines of one parent follow each other and are one group, as
 * darknet's read_tree takes them. Where it would read on with something else (a parent that does not come before, children of one parent in
 * two places, a line without a number) the file is refused.
 * Returns: (transfer full): the tree. Thread: any.
 */
EspTree *
esp_tree_parse (const char *text, gsize n, const char *path, GError **error)
{
  g_autoptr (EspTree) tree = g_new0 (EspTree, 1);
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (int)), firsts = g_array_new (FALSE, FALSE, sizeof (int));

  tree->path = g_strdup (path);
  if (!count_lines (tree, text, n, error))
    return NULL;
  for (gsize at = 0; at < n;)
    {
      const char *end = memchr (text + at, '\n', n - at);
      const gsize length = end != NULL ? (gsize) (end - text) - at : n - at;
      int parent = -1;

      if (!read_line (tree, text + at, length, &parent, error) || !append_class (tree, sizes, firsts, parent, error))
        return NULL;
      at += length + 1;
    }
  tree->n_groups = (int) sizes->len;
  tree->sizes = (int *) (gpointer) g_array_free (g_steal_pointer (&sizes), FALSE);
  tree->firsts = (int *) (gpointer) g_array_free (g_steal_pointer (&firsts), FALSE);
  return g_steal_pointer (&tree);
}

/**
 * esp_tree_load:
 * @path: a file of classes, at most 32 MiB
 * @error: as esp_tree_parse(), or ESP_ERROR_IO
 *
 * Returns: (transfer full): the tree. Thread: any.
 */
EspTree *
esp_tree_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, MOST_BYTES, error);

  if (bytes == NULL)
    return NULL;
  return esp_tree_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), path, error);
}

/** esp_tree_free: frees @tree (nullable). Thread: any. */
void
esp_tree_free (EspTree *tree)
{
  if (tree == NULL)
    return;
  g_free (tree->path);
  g_free (tree->parents);
  g_free (tree->children);
  g_free (tree->sizes);
  g_free (tree->firsts);
  g_free (tree);
}

/**
 * esp_tree_chance:
 * @tree: the classes
 * @values: probabilities of class 0 and the following within their groups, @step apart
 * @step: numbers from one class to the next
 * @class_index: which
 *
 * Returns: the class's own probability: the product along the way from it up to the root. Thread: any.
 */
float
esp_tree_chance (const EspTree *tree, const float *values, gsize step, int class_index)
{
  float product = 1;

  for (int i = class_index; i >= 0; i = tree->parents[i])
    product *= values[(gsize) i * step];
  return product;
}

/**
 * esp_tree_spread:
 * @tree: the classes
 * @values: (inout): of all classes within their groups; becomes the probability of each leaf, which sum to one, and 0 for a class with
 *   children
 *
 * What a classifier over a tree is judged by. Thread: any. Source: darknet's validate_classifier (hierarchy_predictions, leaves only).
 */
void
esp_tree_spread (const EspTree *tree, float *values)
{
  for (int i = 0; i < tree->n; i++)
    if (tree->parents[i] >= 0)
      values[i] *= values[tree->parents[i]];
  for (int i = 0; i < tree->n; i++)
    if (tree->children[i] >= 0)
      values[i] = 0;
}

/**
 * esp_tree_pick:
 * @tree: the classes
 * @values: probabilities of class 0 and the following within their groups, @step apart
 * @step: numbers from one class to the next
 * @threshold: ESP_TREE_THRESHOLD, or another
 *
 * From the first group on: the class of the group that is the most probable, its probability being the product from the root down to it; as
 * long as the product of these along the way is above @threshold, the walk goes on among its children. It ends at the last class that was
 * above, or in the first group at its largest. That the probabilities of the way, products themselves, are multiplied once more is
 * darknet's doing (hierarchy_predictions, then hierarchy_top_prediction) and is kept, since a box's class is that one there; in float, as
 * there.
 *
 * Returns: the class. Thread: any.
 */
int
esp_tree_pick (const EspTree *tree, const float *values, gsize step, float threshold)
{
  float above = 1, way = 1;
  int group = 0;

  while (TRUE)
    {
      float most = 0;
      int best = 0;

      for (int i = tree->firsts[group]; i < tree->firsts[group] + tree->sizes[group]; i++)
        if (values[(gsize) i * step] * above > most)
          {
            most = values[(gsize) i * step] * above;
            best = i;
          }
      if (!(way * most > threshold))
        return group == 0 ? best : tree->parents[tree->firsts[group]];
      way *= most;
      above = most;
      if (tree->children[best] < 0)
        return best;
      group = tree->children[best];
    }
}
