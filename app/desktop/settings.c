/* settings.c: preferences and window state, installed or not
 *
 * g_settings_new() aborts where the schema is missing, so it is looked up: in the system, then beside the binary (an uninstalled run). */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "settings.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>

/* The folder of the compiled schema beside build/app/espalier, or NULL where the program does not lie in a build folder. */
static char *
folder_beside_program (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *schemas = folder != NULL ? g_build_filename (folder, "..", "data", NULL) : NULL;
  g_autofree char *compiled = schemas != NULL ? g_build_filename (schemas, "gschemas.compiled", NULL) : NULL;

  return compiled != NULL && g_file_test (compiled, G_FILE_TEST_EXISTS) ? g_steal_pointer (&schemas) : NULL;
}

static GSettingsSchema *
find_schema (void)
{
  GSettingsSchemaSource *installed = g_settings_schema_source_get_default ();
  g_autofree char *folder = folder_beside_program ();
  g_autoptr (GSettingsSchemaSource) beside = NULL;

  if (folder != NULL)
    beside = g_settings_schema_source_new_from_directory (folder, installed, FALSE, NULL);
  if (beside != NULL)
    return g_settings_schema_source_lookup (beside, ESP_APP_ID, TRUE);
  return installed != NULL ? g_settings_schema_source_lookup (installed, ESP_APP_ID, TRUE) : NULL;
}

/* With no dconf GLib would keep settings in memory only; a key file keeps them. GSETTINGS_BACKEND, where set, is obeyed. */
static GSettingsBackend *
choose_backend (void)
{
  g_autoptr (GSettingsBackend) backend = g_settings_backend_get_default ();
  g_autofree char *path = NULL;

  if (g_getenv ("GSETTINGS_BACKEND") != NULL || !g_str_equal (G_OBJECT_TYPE_NAME (backend), "GMemorySettingsBackend"))
    return g_steal_pointer (&backend);
  path = g_build_filename (g_get_user_config_dir (), "espalier", "settings.ini", NULL);
  return g_keyfile_settings_backend_new (path, "/", NULL);
}

/**
 * esp_settings_new:
 *
 * Returns: (transfer full) (nullable): the program's settings; NULL where no schema is found, and then everything has its built-in default.
 * Thread: main.
 */
GSettings *
esp_settings_new (void)
{
  g_autoptr (GSettingsSchema) schema = find_schema ();
  g_autoptr (GSettingsBackend) backend = NULL;

  if (schema == NULL)
    {
      g_message ("no settings schema was found; nothing is remembered");
      return NULL;
    }
  backend = choose_backend ();
  return g_settings_new_full (schema, backend, NULL);
}
