/* recipe-fields.c: one variable of a recipe: its name, what it is, and a button for a file */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "recipe-fields.h"

#include <glib/gi18n.h>

#include "row-label.h"

#define NAME_CHARS 13

struct _EspRecipeEntry
{
  GtkBox parent_instance;

  char *name, *preset; /* preset (nullable): must be given */
  GtkEditable *entry;
};

G_DEFINE_FINAL_TYPE (EspRecipeEntry, esp_recipe_entry, GTK_TYPE_BOX)

static guint browse;

static void
on_browse (GtkButton *button, EspRecipeEntry *self)
{
  g_signal_emit (self, browse, 0, self->name);
}

/* What must be given and is not looks so. */
static void
on_changed (EspRecipeEntry *self)
{
  if (self->preset == NULL && *gtk_editable_get_text (self->entry) == '\0')
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "warning");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "warning");
}

static void
esp_recipe_entry_finalize (GObject *object)
{
  EspRecipeEntry *self = ESP_RECIPE_ENTRY (object);

  g_free (self->name);
  g_free (self->preset);
  G_OBJECT_CLASS (esp_recipe_entry_parent_class)->finalize (object);
}

static void
esp_recipe_entry_class_init (EspRecipeEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_recipe_entry_finalize;
  browse = g_signal_new ("browse", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
esp_recipe_entry_init (EspRecipeEntry *self)
{
}

static void
add_button (EspRecipeEntry *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("document-open-symbolic");
  g_autofree char *name = g_strdup_printf (_ ("Choose a file: %s"), self->name);

  esp_accessible_name (button, name);
  gtk_widget_set_tooltip_text (button, name);
  g_signal_connect (button, "clicked", G_CALLBACK (on_browse), self);
  gtk_box_append (GTK_BOX (self), button);
}

/** esp_recipe_entry_new: Returns: (transfer floating): shows @field, which is copied. Thread: main. */
GtkWidget *
esp_recipe_entry_new (const EspRecipeField *field)
{
  EspRecipeEntry *self = g_object_new (ESP_TYPE_RECIPE_ENTRY, "spacing", 6, NULL);
  GtkWidget *label = gtk_label_new (field->name), *entry = gtk_entry_new ();

  self->name = g_strdup (field->name);
  self->preset = g_strdup (field->value);
  self->entry = GTK_EDITABLE (entry);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_width_chars (GTK_LABEL (label), NAME_CHARS);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), field->about);
  gtk_widget_set_hexpand (entry, TRUE);
  gtk_editable_set_width_chars (self->entry, 8);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), field->value == NULL ? _ ("must be given") : NULL);
  gtk_editable_set_text (self->entry, field->value != NULL ? field->value : "");
  esp_accessible_name (entry, field->name);
  if (field->about != NULL)
    esp_accessible_describe (entry, field->about);
  gtk_box_append (GTK_BOX (self), label);
  gtk_box_append (GTK_BOX (self), entry);
  if (field->file)
    add_button (self);
  g_signal_connect_swapped (entry, "changed", G_CALLBACK (on_changed), self);
  on_changed (self);
  return GTK_WIDGET (self);
}

const char *
esp_recipe_entry_get_name (EspRecipeEntry *self)
{
  return self->name;
}

void
esp_recipe_entry_set_value (EspRecipeEntry *self, const char *value)
{
  gtk_editable_set_text (self->entry, value);
  gtk_editable_set_position (self->entry, -1); /* of a path the end says most */
}

char *
esp_recipe_entry_dup_set (EspRecipeEntry *self)
{
  const char *text = gtk_editable_get_text (self->entry);

  if (self->preset == NULL ? *text == '\0' : g_str_equal (text, self->preset))
    return NULL;
  return g_strdup_printf ("%s=%s", self->name, text);
}
