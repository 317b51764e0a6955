"""PayPal's column names in the languages of its accounts, and its words for a transaction's state.

The header is translated, the order of the columns is not fixed, and a name may end in a space
("Bruto "). What the lists name was seen in downloads of accounts of that language.
"""

from __future__ import annotations

# Our column -> PayPal's names for it: English, German, French, Spanish, Italian, Dutch.
NAMES: dict[str, tuple[str, ...]] = {
    "date": ("Date", "Datum", "Fecha", "Data"),
    "time": ("Time", "Uhrzeit", "Heure", "Hora", "Orario", "Ora", "Tijd"),
    "time_zone": (
        "TimeZone", "Time Zone", "Zeitzone", "Fuseau horaire", "Zona horaria", "Fuso orario",
        "Tijdzone",
    ),
    "type": (
        "Type", "Description", "Typ", "Beschreibung", "Tipo", "Descripción", "Descrizione",
        "Omschrijving",
    ),
    "status": ("Status", "État", "Etat", "Statut", "Estado", "Stato"),
    "currency": ("Currency", "Währung", "Devise", "Divisa", "Moneda", "Valuta"),
    "gross": ("Gross", "Brutto", "Avant commission", "Brut", "Bruto", "Lordo"),
    "fee": (
        "Fee", "Gebühr", "Gebühren", "Entgelt", "Commission", "Frais", "Comisión", "Tarifa",
        "Tariffa", "Commissione", "Kosten", "Vergoeding",
    ),
    "net": ("Net", "Netto", "Neto"),
    "balance": ("Balance", "Guthaben", "Solde", "Saldo"),
    "transaction_id": (
        "Transaction ID", "Transaktionscode", "Numéro de transaction", "Id. de transacción",
        "Codice transazione", "Transactiereferentie", "Transactie-id",
    ),
    "reference_transaction_id": (
        "Reference Txn ID", "Zugehöriger Transaktionscode", "Ref Transaktionscode",
        "Numéro de la transaction de référence", "Id. de referencia de trans.",
        "Codice transazione di riferimento", "Referentie transactie-id",
    ),
    "invoice_number": (
        "Invoice Number", "Invoice ID", "Rechnungsnummer", "Numéro de facture",
        "Identifiant de facture", "Id. de factura", "Número de factura",
        "N° ordine commerciante", "N. fattura pro-forma", "Numero fattura", "Factuurnummer",
        "Factuurreferentie",
    ),
    "custom_number": (
        "Custom Number", "Zollnummer", "Individuelle Nummer", "Numéro de client",
        "Número personalizado", "Numero personalizzato", "Aangepast nummer",
    ),
    "balance_impact": (
        "Balance Impact", "Auswirkung auf Guthaben", "Impact sur le solde",
        "Repercusiones en el saldo", "Impatto sul saldo", "Effect op saldo",
    ),
    "name": ("Name", "Nom", "Nombre", "Nome", "Naam"),
    "from_email": (
        "From Email Address", "Absender E-Mail-Adresse", "De l'adresse email",
        "Adresse email de l'expéditeur", "Correo electrónico del remitente",
        "Indirizzo email mittente", "Van e-mailadres",
    ),
    "to_email": (
        "To Email Address", "Empfänger E-Mail-Adresse", "À l'adresse email", "A l'adresse email",
        "Correo electrónico del destinatario", "Indirizzo email destinatario", "Naar e-mailadres",
    ),
    "subject": ("Subject", "Betreff", "Objet", "Asunto", "Oggetto", "Onderwerp"),
    "note": ("Note", "Hinweis", "Remarque", "Nota", "Messaggio", "Opmerking"),
}  # fmt: skip

# Without one of these there is no transaction; what a missing one is called, is said in English.
REQUIRED = ("date", "time", "time_zone", "currency", "gross", "fee", "net", "transaction_id")

# A state's word -> the state. Any other word is a state of its own, in lower case.
STATUSES: dict[str, tuple[str, ...]] = {
    "completed": (
        "completed", "abgeschlossen", "terminé", "effectué", "completado", "completada",
        "completata", "completato", "voltooid",
    ),
    "pending": (
        "pending", "ausstehend", "offen", "in bearbeitung", "en attente", "pendiente",
        "in sospeso", "in behandeling", "in afwachting",
    ),
    "denied": ("denied", "abgelehnt", "refusé", "denegado", "rechazado", "rifiutata", "geweigerd"),
    "reversed": ("reversed", "rückgängig gemacht", "annulé", "revertido", "stornata"),
    "refunded": ("refunded", "rückzahlung", "remboursé", "reembolsado", "rimborsata",
                 "terugbetaald"),
}  # fmt: skip

# A memo line tells of something and leaves the balance where it is.
MEMO = ("memo", "mémo", "nota", "promemoria", "notiz")


def plain(name: str) -> str:
    """A column name without what varies: case, outer and double spaces, typographic quotes."""
    return " ".join(name.replace("\u2019", "'").replace("\ufeff", "").split()).casefold()


def columns_of(header: list[str], configured: dict[str, str]) -> dict[str, int]:
    """Our column -> its place in a header; a name that could be two columns goes to the first free.

    Args:
        configured: the source's own names, header -> our column; they win.
    """
    wanted = {plain(name): ours for name, ours in configured.items()}
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        if (ours := wanted.get(plain(name))) is not None:
            places[ours] = place
    known = {ours: {plain(name) for name in names} for ours, names in NAMES.items()}
    for place, name in enumerate(header):
        if place in places.values():
            continue
        for ours, names in known.items():
            if ours not in places and plain(name) in names:
                places[ours] = place
                break
    return places
