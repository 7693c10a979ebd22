/* net-common.h: what the tests of networks share: real files where they are, and small texts */
#pragma once

#include "net/network.h"

#include <string.h>

/* (transfer full): a file of the shared data, or NULL after g_test_skip. */
static inline char *
shared_file (const char *name)
{
  const char *root = g_getenv ("ESP_SHARED_DATA");
  g_autofree char *folder = root != NULL ? g_strdup (root) : g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "..", "shared", "data", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_test_skip ("the shared data are not here (ESP_SHARED_DATA)");
  return NULL;
}

static inline EspNetwork *
network_of (const char *text, GError **error)
{
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", error);

  return cfg != NULL ? esp_network_new (cfg, error) : NULL;
}

/* The text is refused with this code and with this in the message. */
static inline void
assert_refused (const char *text, EspError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = network_of (text, &error);

  g_assert_null (network);
  g_assert_error (error, ESP_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}
