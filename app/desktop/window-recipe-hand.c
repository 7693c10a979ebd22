/* window-recipe-hand.c: networks of a run opened as studies, and the plan that it waits for */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-recipes-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* (transfer full) (nullable): a variable of the run that is given. */
static char *
variable_of (EspRecipe *recipe, const char *name)
{
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      if (g_str_equal (variable.name, name) && variable.value != NULL && *variable.value != '\0')
        return g_strdup (variable.value);
    }
  return NULL;
}

/* Those it chooses by; else what is open, else those it measures on or learns from. */
static void
take_images (EspWindow *self, EspRecipe *recipe, EspStudyFiles *files)
{
  static const char *const sets[] = { "val", "test", "train" };

  for (guint i = 0; files->data == NULL && i < G_N_ELEMENTS (sets); i++)
    {
      g_autofree char *split = g_strconcat (sets[i], "-split", NULL);

      if (i > 0 && self->files.data != NULL)
        {
          files->data = g_strdup (self->files.data);
          files->split = g_strdup (self->files.split);
          return;
        }
      files->data = variable_of (recipe, sets[i]);
      files->split = files->data != NULL ? variable_of (recipe, split) : NULL;
    }
}

/* A network of the run beside images: those it chooses by, else what is open. */
static void
open_of_run (EspWindow *self, const char *cfg, const char *plan)
{
  EspRecipe *recipe = esp_recipe_work_get_recipe (self->recipes->work);
  const char *stem_end = strrchr (cfg, '.');
  g_autofree char *stem = g_strndup (cfg, (gsize) (stem_end - cfg));
  EspStudyFiles files = { .cfg = g_strdup (cfg), .weights = g_strconcat (stem, ".weights", NULL), .plan = g_strdup (plan) };
  g_autofree char *names = g_strconcat (stem, ".names", NULL);

  if (g_file_test (names, G_FILE_TEST_EXISTS))
    files.names = g_steal_pointer (&names);
  take_images (self, recipe, &files);
  esp_window_open_study (self, &files);
  esp_study_files_clear (&files);
}

static void
open_for_hand (EspWindow *self)
{
  const char *folder = esp_recipe_work_get_folder (self->recipes->work);
  g_autofree char *plan = g_build_filename (folder, "proposed.json", NULL);

  g_free (self->recipes->hand_cfg);
  self->recipes->hand_cfg = g_build_filename (folder, "dense.cfg", NULL);
  open_of_run (self, self->recipes->hand_cfg, plan);
}

/** esp_window_wait_for_hand: the run stands before its plan: its network is opened, and the panel shows the groups. Thread: main. */
void
esp_window_wait_for_hand (EspWindow *self)
{
  EspRecipeWork *work = self->recipes->work;

  g_clear_pointer (&self->recipes->hand_scores, esp_scores_unref);
  self->recipes->hand_scores = esp_recipe_work_dup_scores (work);
  esp_window_show_waiting (self, TRUE);
  gtk_stack_set_visible_child_name (self->panel_stack, "prune");
  open_for_hand (self);
}

/** esp_window_is_before_the_hand: Returns: whether what is open is the network that the run waits with. Thread: main. */
gboolean
esp_window_is_before_the_hand (EspWindow *self)
{
  return self->opening == NULL && g_strcmp0 (self->files.cfg, self->recipes->hand_cfg) == 0 && esp_study_get_plan (self->study) != NULL;
}

static void
go_on_clicked (GtkButton *button, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *plan = g_build_filename (esp_recipe_work_get_folder (self->recipes->work), "answered.json", NULL);
  g_autoptr (GError) error = NULL;

  if (!esp_window_is_before_the_hand (self))
    open_for_hand (self); /* another study is open: its plan is none of the recipe's */
  else if (!esp_study_save_plan (self->study, plan, &error))
    esp_window_show_error (self, _ ("The Plan Could Not Be Handed Over"), error);
  else
    {
      esp_recipe_work_answer (self->recipes->work, plan);
      gtk_stack_set_visible_child_name (self->panel_stack, "recipes");
    }
}

static void
as_proposed_clicked (GtkButton *button, gpointer data)
{
  EspWindow *self = data;

  esp_recipe_work_answer (self->recipes->work, NULL);
  gtk_stack_set_visible_child_name (self->panel_stack, "recipes");
}

/** esp_window_show_waiting: shows the banner, or hides it. Thread: main. */
void
esp_window_show_waiting (EspWindow *self, gboolean waits)
{
  gtk_revealer_set_reveal_child (self->recipes->banner, waits);
  gtk_widget_set_visible (GTK_WIDGET (self->recipes->banner), waits);
}

static GtkWidget *
make_banner_button (EspWindow *self, const char *label, const char *tip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_tooltip_text (button, tip);
  g_signal_connect (button, "clicked", clicked, self);
  return button;
}

/** esp_window_make_banner: what stands above the pages of the panel while a run waits for a plan. Thread: main. */
void
esp_window_make_banner (EspWindow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (_ ("The recipe waits for your plan"));
  GtkWidget *go_on
      = make_banner_button (self, _ ("Go On With This Plan"), _ ("The recipe cuts what this plan cuts"), G_CALLBACK (go_on_clicked));

  self->recipes->banner = GTK_REVEALER (gtk_revealer_new ());
  gtk_widget_add_css_class (label, "heading");
  gtk_widget_add_css_class (go_on, "suggested-action");
  gtk_widget_add_css_class (box, "recipe-banner");
  gtk_box_set_homogeneous (GTK_BOX (line), TRUE);
  gtk_box_append (GTK_BOX (line), go_on);
  gtk_box_append (GTK_BOX (line),
                  make_banner_button (self, _ ("Use as Proposed"), _ ("The recipe cuts what it proposed, whatever was changed here"),
                                      G_CALLBACK (as_proposed_clicked)));
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), line);
  gtk_revealer_set_child (self->recipes->banner, box);
  gtk_box_insert_child_after (GTK_BOX (self->panel), GTK_WIDGET (self->recipes->banner),
                              gtk_widget_get_prev_sibling (GTK_WIDGET (self->panel_stack)));
  esp_window_show_waiting (self, FALSE);
}

/** esp_window_open_result: the network of line @row of the report, as a study. Thread: main. */
void
esp_window_open_result (EspWindow *self, guint row)
{
  g_autofree char *name = self->recipes->report != NULL ? esp_window_result_cfg (self->recipes->report, row) : NULL;
  g_autofree char *cfg = NULL;

  if (name == NULL)
    return;
  cfg = g_build_filename (esp_recipe_work_get_folder (self->recipes->work), name, NULL);
  open_of_run (self, cfg, NULL);
}
