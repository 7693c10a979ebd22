/* train-common.h: what the tests of training share: numbers that were written in float64 by tests/witness/training64.py */
#pragma once

#include <json-glib/json-glib.h>

#include "net-common.h"

/* (transfer full): the rows of a file of tests/data/train. */
static inline JsonArray *
train_rows (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "tests", "data", "train", name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_array_ref (json_node_get_array (json_parser_get_root (parser)));
}

/* The number of that name, or @fallback where there is none. */
static inline double
train_number (JsonObject *object, const char *name, double fallback)
{
  return json_object_has_member (object, name) ? json_object_get_double_member (object, name) : fallback;
}
