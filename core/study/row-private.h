/* row-private.h: what a kind of row tells the base that serves its properties */
#pragma once

#include "study/rows.h"

G_BEGIN_DECLS

#define FIELD(Type, name, TYPE, at)                                                                                                        \
  {                                                                                                                                        \
    name, TYPE, G_STRUCT_OFFSET (Type, at)                                                                                                 \
  }

/* In class_init: @fields are the properties in order, @describe makes the accessible name. */
void     esp_row_install_fields (EspRowClass        *klass,
                                 const EspRowField  *fields,
                                 guint               n,
                                 char             *(*describe) (EspRow *row));
gboolean esp_row_same_double    (double              x,
                                 double              y);

G_END_DECLS
