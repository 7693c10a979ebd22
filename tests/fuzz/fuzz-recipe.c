/* fuzz-recipe.c: recipes: what is taken has steps whose values are what their rows ask for */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <math.h>

#include "recipe/recipe.h"

static void
check_setting (const EspStep *step, const EspSetting *setting)
{
  g_autoptr (GArray) numbers = NULL;

  switch (setting->kind)
    {
    case ESP_SETTING_COUNT:
    case ESP_SETTING_NUMBER:
      g_assert_true (
          !esp_step_is_set (step, setting->id)
          || (esp_step_get_number (step, setting->id) >= setting->lowest && esp_step_get_number (step, setting->id) <= setting->highest));
      break;
    case ESP_SETTING_NUMBERS:
      numbers = esp_step_get_numbers (step, setting->id);
      for (guint i = 0; i < numbers->len; i++)
        g_assert_true (g_array_index (numbers, double, i) >= setting->lowest && g_array_index (numbers, double, i) <= setting->highest);
      break;
    case ESP_SETTING_WORD:
      g_assert_true (!esp_step_is_set (step, setting->id) || g_strv_contains (setting->words, esp_step_get_text (step, setting->id)));
      break;
    case ESP_SETTING_TEXT:
    default:
      g_assert_nonnull (esp_step_get_text (step, setting->id));
    }
}

static void
check (const EspRecipe *recipe)
{
  g_assert_cmpuint (esp_recipe_get_n_steps (recipe), >, 0);
  for (guint i = 0; i < esp_recipe_get_n_steps (recipe); i++)
    {
      const EspStep *step = esp_recipe_get_step (recipe, i);

      for (const EspSetting *setting = esp_step_get_kind (step)->settings; setting->id != NULL; setting++)
        check_setting (step, setting);
    }
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    g_assert_nonnull (esp_recipe_get_variable (recipe, i).name);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  const EspRecipeOptions options = { .tier = n % 2 == 0 ? ESP_TIER_QUICK : ESP_TIER_FULL, .open = n % 3 == 0 };
  GError *error = NULL;
  g_autoptr (EspRecipe) recipe = esp_recipe_parse ((const char *) data, n, "/nowhere/fuzz.recipe", &options, &error);

  if (recipe != NULL)
    check (recipe);
  fuzz_tell (recipe != NULL, error);
  return 0;
}
