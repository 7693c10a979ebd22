/* tree-common.h: what the tests of trees of classes share: one of seven, and networks beside it */
#pragma once

#include "net/network.h"

#include "base/file.h"

#include <glib/gstdio.h>

#define TREE_CLASSES 7

/* Two roots; of class 0 three children, of class 1 one, of class 4 one. */
#define TREE_TEXT "a -1\nb -1\nc 0\nd 0\ne 0\nf 1\ng 4\n"

G_GNUC_UNUSED static const int tree_groups[TREE_CLASSES] = { 0, 0, 1, 1, 1, 2, 3 };

static inline void
write_into (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *above = g_path_get_dirname (path);

  g_assert_true (esp_folder_make (above, NULL));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static inline void
remove_from (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
}

/* (transfer full) (nullable): the network of a cfg that is alone with t.tree, in a folder that is gone again when it is read. */
static inline EspNetwork *
network_beside_tree (const char *text, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "t.cfg", NULL);
  EspNetwork *network;

  write_into (folder, "t.cfg", text);
  write_into (folder, "t.tree", TREE_TEXT);
  network = esp_network_load (path, error);
  remove_from (folder, "t.cfg");
  remove_from (folder, "t.tree");
  g_rmdir (folder);
  return network;
}
