/* application.c: the program: its actions, its command line, the compute lane that its windows share */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "settings.h"
#include "widgets/widgets.h"
#include "window.h"

struct _EspApplication
{
  AdwApplication parent_instance;
  EspLane *lane;       /* made with the first window */
  GSettings *settings; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (EspApplication, esp_application, ADW_TYPE_APPLICATION)

static void
about_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (GTK_APPLICATION (data)), "application-name", _ ("Espalier"), "application-icon",
                         ESP_APP_ID, "version", ESP_VERSION, "developer-name", _ ("The Espalier authors"), "license-type",
                         GTK_LICENSE_MIT_X11, "comments", _ ("Look inside an object detector, and cut it down by hand and by eye."), NULL);
}

static void
quit_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (data)), *next; l != NULL; l = next)
    {
      next = l->next;
      gtk_window_close (GTK_WINDOW (l->data));
    }
}

static const GActionEntry actions[] = {
  { "about", about_activated, NULL, NULL, NULL, { 0 } },
  { "quit", quit_activated, NULL, NULL, NULL, { 0 } },
};

static void
set_accelerators (GtkApplication *application)
{
  const struct
  {
    const char *action;
    const char *keys[3];
  } accelerators[] = {
    { "app.quit", { "<Control>q" } },
    { "win.open", { "<Control>o" } },
    { "win.save-plan", { "<Control>s" } },
    { "win.save-plan-as", { "<Control><Shift>s" } },
    { "win.save-picture", { "<Control>p" } },
    { "win.budget", { "<Control>b" } },
    { "win.sensitivity", { "<Control>t" } },
    { "win.drift", { "<Control>d" } },
    { "win.export", { "<Control>e" } },
    { "win.undo", { "<Control>z" } },
    { "win.redo", { "<Control><Shift>z", "<Control>y" } },
    { "win.show-images", { "F9" } },
    { "win.show-panel", { "<Shift>F9" } },
    { "win.fullscreen", { "F11" } },
    { "win.find-image", { "<Control>f" } },
    { "win.zoom-in", { "<Control>plus", "<Control>equal" } },
    { "win.zoom-out", { "<Control>minus" } },
    { "win.zoom-fit", { "<Control>0" } },
    { "window.close", { "<Control>w" } },
    { "win.show-help-overlay", { "<Control>question" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (application, accelerators[i].action, accelerators[i].keys);
}

/* The window to use: the active one while nothing is open in it, else a new one. */
static EspWindow *
window_for_opening (EspApplication *self)
{
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (active != NULL && ESP_IS_WINDOW (active) && esp_window_is_empty (ESP_WINDOW (active)))
    return ESP_WINDOW (active);
  return esp_window_new (self);
}

static void
esp_application_activate (GApplication *application)
{
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (application));

  gtk_window_present (active != NULL ? active : GTK_WINDOW (esp_window_new (ESP_APPLICATION (application))));
}

static void
esp_application_open (GApplication *application, GFile **files, int n, const char *hint)
{
  EspWindow *window = window_for_opening (ESP_APPLICATION (application));

  gtk_window_present (GTK_WINDOW (window));
  esp_window_open_files (window, files, (guint) n);
}

static int
esp_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  GVariantDict *options = g_application_command_line_get_options_dict (line);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  int n = 0;
  g_auto (GStrv) words = g_application_command_line_get_arguments (line, &n);

  for (int i = 1; i < n; i++)
    g_ptr_array_add (files, g_application_command_line_create_file_for_arg (line, words[i]));
  if (g_variant_dict_contains (options, "sample"))
    {
      EspWindow *window = window_for_opening (ESP_APPLICATION (application));

      gtk_window_present (GTK_WINDOW (window));
      esp_window_open_sample (window);
    }
  else if (files->len > 0)
    g_application_open (application, (GFile **) files->pdata, (int) files->len, "");
  else
    g_application_activate (application);
  return 0;
}

static int
esp_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (!g_variant_dict_contains (options, "version"))
    return -1;
  g_print ("espalier %s\n", ESP_VERSION);
  return 0;
}

/* Asked to end from outside: as if by hand, so that nothing is lost. */
static gboolean
ended_by_signal (gpointer data)
{
  quit_activated (NULL, NULL, data);
  return G_SOURCE_CONTINUE;
}

static void
esp_application_startup (GApplication *application)
{
  EspApplication *self = ESP_APPLICATION (application);

  G_APPLICATION_CLASS (esp_application_parent_class)->startup (application);
  esp_widgets_init ();
  self->settings = esp_settings_new ();
  self->lane = esp_lane_new (self->settings != NULL ? g_settings_get_uint (self->settings, "threads") : 0);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  set_accelerators (GTK_APPLICATION (self));
  g_unix_signal_add (SIGTERM, ended_by_signal, self);
  g_unix_signal_add (SIGINT, ended_by_signal, self);
}

static void
esp_application_shutdown (GApplication *application)
{
  EspApplication *self = ESP_APPLICATION (application);

  G_APPLICATION_CLASS (esp_application_parent_class)->shutdown (application);
  g_clear_pointer (&self->lane, esp_lane_free);
  g_clear_object (&self->settings);
}

static void
esp_application_class_init (EspApplicationClass *class)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (class);

  application_class->activate = esp_application_activate;
  application_class->open = esp_application_open;
  application_class->command_line = esp_application_command_line;
  application_class->handle_local_options = esp_application_handle_local_options;
  application_class->startup = esp_application_startup;
  application_class->shutdown = esp_application_shutdown;
}

static void
esp_application_init (EspApplication *self)
{
  const GOptionEntry options[] = {
    { "sample", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Open the sample"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[FILE…]"));
}

/** esp_application_new: Returns: (transfer full): the program, not yet running. Thread: main. */
EspApplication *
esp_application_new (void)
{
  return g_object_new (ESP_TYPE_APPLICATION, "application-id", ESP_APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN | G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path",
                       "/io/github/espalier/Espalier", NULL);
}

/** esp_application_get_lane: Returns: (transfer none): the one compute thread. Thread: main. */
EspLane *
esp_application_get_lane (EspApplication *application)
{
  return application->lane;
}

/** esp_application_get_settings: Returns: (transfer none) (nullable): the settings, NULL where no schema was found. Thread: main. */
GSettings *
esp_application_get_settings (EspApplication *application)
{
  return application->settings;
}
