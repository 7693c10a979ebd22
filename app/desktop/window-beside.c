/* window-beside.c: a window beside the study's, for what takes a while and must not stand in its way */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

static gboolean
close_beside (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  gtk_window_close (GTK_WINDOW (widget));
  return TRUE;
}

/**
 * esp_window_beside:
 * @window: the study's window
 * @title: of the new one
 * @content: (transfer full): what it shows; scrolled where it does not fit
 * @width: to begin with
 * @height: likewise
 *
 * Not modal: the study goes on being worked on. Escape closes it. Returns: (transfer none): the new window, not
 * shown yet. Thread: main.
 */
GtkWindow *
esp_window_beside (EspWindow *window, const char *title, GtkWidget *content, int width, int height)
{
  GtkWidget *beside = adw_window_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *scrolled = gtk_scrolled_window_new ();
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_window_set_title (GTK_WINDOW (beside), title);
  gtk_window_set_transient_for (GTK_WINDOW (beside), GTK_WINDOW (window));
  gtk_window_set_destroy_with_parent (GTK_WINDOW (beside), TRUE);
  gtk_window_set_default_size (GTK_WINDOW (beside), width, height);
  gtk_widget_insert_action_group (beside, "win", G_ACTION_GROUP (window));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), content);
  gtk_widget_set_focusable (scrolled, FALSE);
  gtk_widget_set_vexpand (scrolled, TRUE);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), scrolled);
  adw_window_set_content (ADW_WINDOW (beside), box);
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0), gtk_callback_action_new (close_beside, NULL, NULL)));
  gtk_widget_add_controller (beside, keys);
  return GTK_WINDOW (beside);
}
