/* oracle-common.h: where the tests find espalier-oracle, and a network with a file of its weights to ask it about */
#pragma once

#include "base/file.h"
#include "measure/oracle.h"

#include <glib/gstdio.h>

/* The helper as it was built; FALSE after g_test_skip where there is none. */
static inline gboolean
use_built_oracle (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("ESP_BUILD_ROOT"), "app", "espalier-oracle", NULL);

  g_setenv ("ESPALIER_ORACLE", path, TRUE);
  if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
    return TRUE;
  g_test_skip ("espalier-oracle was not built: libdarknet was not found");
  return FALSE;
}

static inline gboolean
compare_with_oracle (EspNetwork *network, EspWeights *weights, const char *path, EspAt at, EspOracleReport *report, GError **error)
{
  g_autofree float *input = esp_oracle_noise (network, 1);
  const EspOracleQuestion question = { network, weights, path, input, at, 0 };

  return esp_oracle_compare (&question, report, NULL, error);
}
