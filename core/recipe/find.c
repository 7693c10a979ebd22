/* find.c: where the program's own recipes are: beside it in a build folder, else where they were installed */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "recipe/recipe.h"

#define SUFFIX ".recipe"

/** esp_recipe_find_folder: Returns: (transfer full): ESPALIER_RECIPES, else ../data beside the program, else as installed. Thread: any. */
char *
esp_recipe_find_folder (void)
{
  const char *said = g_getenv ("ESPALIER_RECIPES");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *above = folder != NULL ? g_path_get_dirname (folder) : NULL;
  g_autofree char *built = above != NULL ? g_build_filename (above, "data", NULL) : NULL;
  g_autofree char *one = built != NULL ? g_build_filename (built, "attribution" SUFFIX, NULL) : NULL;

  if (said != NULL)
    return g_strdup (said);
  if (one != NULL && g_file_test (one, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&built);
  return g_strdup (ESP_RECIPES);
}

/** esp_recipe_find: Returns: (transfer full): a path; whether it is there shows when it is read. Thread: any. */
char *
esp_recipe_find (const char *word)
{
  g_autofree char *folder = NULL, *name = NULL;

  if (strchr (word, G_DIR_SEPARATOR) != NULL || g_file_test (word, G_FILE_TEST_EXISTS))
    return g_strdup (word);
  folder = esp_recipe_find_folder ();
  name = g_str_has_suffix (word, SUFFIX) ? g_strdup (word) : g_strconcat (word, SUFFIX, NULL);
  return g_build_filename (folder, name, NULL);
}
