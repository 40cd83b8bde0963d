// Stands in for the host's mailer, so that the example needs no server: it prints what it would send. With
// nodemailer, which has the same `sendMail`:
//
//   export const mailer = nodemailer.createTransport({ host: 'smtp.acme.example', port: 465, secure: true, auth })

/** @typedef {{ to: string, subject: string, text: string, messageId: string }} Mail */

/** @typedef {{ sendMail(mail: Mail): Promise<unknown> }} Mailer */

/** @type {Mailer} */
export const mailer = {
  async sendMail({ to, subject, text, messageId }) {
    console.log(`To: ${to}\nSubject: ${subject}\nMessage-ID: ${messageId}\n\n${text}`)
  },
}
