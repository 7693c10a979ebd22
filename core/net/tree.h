/* tree.h: a hierarchy of classes, as tree= of [softmax] and [region] names it */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define ESP_TREE_THRESHOLD 0.5f /* how sure darknet's programs must be to go on to a narrower class (-hier) */

/* Immutable. Class i is line i + 1 of the file; siblings stand one behind the other and are a group: one softmax. */
typedef struct
{
  char *path;     /* of the file, for messages and for other programs */
  int   n;        /* classes */
  int  *parents;  /* per class: an earlier one, or -1 */
  int  *children; /* per class: the group of its children, or -1: a leaf */
  int   n_groups;
  int  *sizes;    /* per group, at least 1 */
  int  *firsts;   /* per group: its first class; of group 0, which has no parent, it is 0 */
} EspTree;

EspTree *esp_tree_load   (const char    *path,
                          GError       **error);
EspTree *esp_tree_parse  (const char    *text,
                          gsize          n,
                          const char    *path,      /* for messages */
                          GError       **error);
void     esp_tree_free   (EspTree       *tree);     /* (nullable) */
float    esp_tree_chance (const EspTree *tree,      /* the probability of a class, not only among its siblings */
                          const float   *values,    /* of class 0 among its siblings; those of the next class lie @step on */
                          gsize          step,
                          int            class_index);
void     esp_tree_spread (const EspTree *tree,
                          float         *values);   /* n; becomes that of each leaf, and 0 for wider classes */
int      esp_tree_pick   (const EspTree *tree,      /* the class that darknet takes a box for */
                          const float   *values,
                          gsize          step,
                          float          threshold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTree, esp_tree_free)

G_END_DECLS
