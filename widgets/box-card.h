/* box-card.h: the numbers of one box, each a button that explains it; or where a missed one was lost */
#pragma once

#include <gtk/gtk.h>

#include "detect/detection.h"

G_BEGIN_DECLS

#define ESP_TYPE_BOX_CARD (esp_box_card_get_type ())
G_DECLARE_FINAL_TYPE (EspBoxCard, esp_box_card, ESP, BOX_CARD, GtkBox)

/* Signals: "part-activated" (int: EspPart, -1 the whole box): explain it; "class-picked" (int): the missed object is one of these;
 * "closed": a hand wants the card away; "left": Escape: back to the class. */
GtkWidget *esp_box_card_new         (void);
void       esp_box_card_set_found   (EspBoxCard         *card,
                                     const EspDetection *detection,
                                     const char         *name,      /* of its class */
                                     GdkRectangle        place,     /* of the box, picture's pixels */
                                     const char         *story);    /* (nullable): its road */
void       esp_box_card_set_missed  (EspBoxCard         *card,
                                     const EspDetection *spot,      /* where training would have put it */
                                     const char *const  *names,     /* of all classes */
                                     GdkRectangle        place,
                                     const char         *story);    /* (nullable): where it was lost */
void       esp_box_card_set_part    (EspBoxCard         *card,      /* marks what is explained */
                                     int                 part);

G_END_DECLS
